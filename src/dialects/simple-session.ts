import { CarillonError, toCarillonError } from "../errors/carillon-error.ts";
import type { Authenticate, Ending } from "../engine/application.ts";
import type { LiveConnection, Move } from "../engine/connection.ts";
import type { Engine } from "../engine/engine.ts";
import type { Handshake } from "../engine/handshake.ts";
import { InOrder } from "../engine/in-order.ts";
import { isPending, type Later } from "../engine/later.ts";
import { Lifetime } from "../engine/lifetime.ts";
import type { Encoder } from "../engine/ports/encoder.ts";
import type { Frame, Wire } from "../engine/ports/wire.ts";
import type { Timer } from "../platform/clock.ts";
import type { Closing, Session } from "./dialect.ts";

/** However long the application takes: no client waits for longer to be let in, or seems to be there when it has left. */
export const maxPatienceMs = 10_000;

interface LastWords {
  readonly end: () => void;
  /** To be called at the end. */
  readonly heard: () => void;
}

/** What a simple session is made of, and what its dialect does with it. */
export interface SimpleSessionParts {
  readonly engine: Engine;
  readonly wire: Wire;
  readonly handshake: Handshake;
  /** The dialect's name. */
  readonly dialect: string;
  /** Shared by all clients that get the same bytes. */
  readonly encoder: Encoder;
  /** The connection's id, where the dialect has a form of its own for it. */
  readonly id?: string;
  /** For the application's `authenticate`. */
  readonly token?: string | undefined;
  /** The dialect's own way to say who a client is, instead of the application's. */
  readonly authenticate?: Authenticate | undefined;
  /** It is in; before anything else is sent to it, and before anything that it said is heard. */
  readonly opened?: (connection: LiveConnection) => void;
  /** The server has put it into a channel, or taken it out; told once it is in, of what middleware did, too. */
  readonly moved?: (move: Move, connection: LiveConnection) => void;
  /** Something it said; one after another, each when the one before it is done. May throw and reject. */
  readonly heard: (frame: Frame, connection: LiveConnection) => Later<void>;
  /** What `heard` threw. */
  readonly failed: (error: unknown, connection: LiveConnection) => void;
  /** It was not let in; to be told so, and closed. */
  readonly refused: (error: CarillonError, wire: Wire) => void;
  /** It was in, and is gone; the engine still has it where it was. */
  readonly leaving?: (connection: LiveConnection, ending: Ending) => void;
  /** It was in, and the engine has let go of it. */
  readonly ended?: (connection: LiveConnection, ending: Ending) => void;
  /** How it is closed when the server stops, or when its identity ends. */
  readonly farewell: Closing;
}

/**
 * The life of a client whose dialect has no word for connecting: it is let in as it comes, and what it says is heard in
 * order. It is gone with its wire or, if it has left by itself, when what it said before has been heard.
 */
export class SimpleSession implements Session {
  readonly connection: LiveConnection;
  readonly #parts: SimpleSessionParts;
  readonly #inOrder: InOrder;
  readonly #lifetime: Lifetime;
  /** Runs while it is being let in, and while what was said before the end is heard. */
  #patience: Timer | undefined;
  /** While what was said before the wire's end is heard. */
  #lastWords: LastWords | undefined;
  #isOver = false;

  constructor(parts: SimpleSessionParts) {
    const { engine, wire, handshake, dialect, encoder, id } = parts;
    this.#parts = parts;
    this.connection = engine.admit({ dialect, handshake, encoder, wire, ...(id !== undefined && { id }) });
    this.#inOrder = new InOrder({ high: () => wire.pause(), low: () => wire.resume() });
    this.#lifetime = new Lifetime(engine.clock, this.connection, {
      soon: () => undefined,
      over: () => this.drain(),
    });
    // First in order, so that nothing is heard before it.
    this.#inOrder.run(() => this.#enter());
  }

  receive(frame: Frame): void {
    if (this.#isOver) return;
    this.#inOrder.run(() => {
      const { wire, heard, failed } = this.#parts;
      // What waited behind the message that it was closed for is nobody's.
      if (this.#isOver || wire.isEnded) return undefined;
      const fail = (error: unknown): void => failed(error, this.connection);
      try {
        const done = heard(frame, this.connection);
        return isPending(done) ? done.catch(fail) : undefined;
      } catch (error) {
        return fail(error);
      }
    });
  }

  closed(code: number, reason: string): Later<void> {
    const { engine, wire } = this.#parts;
    const end = (): void => this.#end(code, reason);
    if (!this.connection.isOpen || wire.isEnded) return end();
    this.#inOrder.run(end);
    if (this.#isOver) return undefined;
    engine.depart(this.connection);
    this.#patience = engine.clock.after(maxPatienceMs, end);
    return new Promise((heard) => (this.#lastWords = { end, heard }));
  }

  drain(): void {
    if (this.#lastWords) return this.#lastWords.end();
    const { code, reason } = this.#parts.farewell;
    this.#parts.wire.close(code, reason);
  }

  #end(code: number, reason: string): void {
    const lastWords = this.#lastWords;
    this.#isOver = true;
    this.#lastWords = undefined;
    this.#patience?.cancel();
    this.#lifetime.stop();
    const wasOpen = this.connection.isOpen;
    if (wasOpen) this.#parts.leaving?.(this.connection, { code, reason });
    this.#parts.engine.disconnect(this.connection, { code, reason });
    if (wasOpen) this.#parts.ended?.(this.connection, { code, reason });
    lastWords?.heard();
  }

  #enter(): Later<void> {
    const { connection } = this;
    const { engine, token, authenticate, opened, moved } = this.#parts;
    const early: Move[] = [];
    if (moved) connection.moved = (move) => void early.push(move);
    const welcome = (): void => {
      this.#patience?.cancel();
      this.#lifetime.start();
      opened?.(connection);
      if (!moved) return;
      connection.moved = (move) => moved(move, connection);
      for (const move of early) moved(move, connection);
    };
    try {
      const entered = engine.connect(connection, token, welcome, authenticate);
      if (!isPending(entered)) return undefined;
      if (connection.state === "opening") {
        this.#patience = engine.clock.after(maxPatienceMs, () => this.#refuse(new CarillonError("timeout")));
      }
      return entered.catch((error: unknown) => this.#refuse(error));
    } catch (error) {
      return this.#refuse(error);
    }
  }

  #refuse(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#patience?.cancel();
    const { engine, refused, wire } = this.#parts;
    refused(toCarillonError(error, "internal"), wire);
    engine.disconnect(this.connection, { code: 1008, reason: "refused" });
  }
}
