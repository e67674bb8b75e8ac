import { toCarillonError, type CarillonError } from "../errors/carillon-error.ts";
import type { Authenticate, Ending } from "../engine/application.ts";
import type { LiveConnection } from "../engine/connection.ts";
import type { Engine } from "../engine/engine.ts";
import type { Handshake } from "../engine/handshake.ts";
import { InOrder } from "../engine/in-order.ts";
import { isPending, type Later } from "../engine/later.ts";
import { Lifetime } from "../engine/lifetime.ts";
import type { Encoder } from "../engine/ports/encoder.ts";
import type { Frame, Wire } from "../engine/ports/wire.ts";
import type { Timer } from "../platform/clock.ts";
import type { Closing, Session } from "./dialect.ts";

/** However long the application takes: no client that has left seems to be there for longer than this. */
const maxHearingOutMs = 10_000;

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
  /**
   * Whether a client that has left stays until what it said before has been heard, for 10 seconds at most.
   *
   * @default false
   */
  readonly hearsOut?: boolean;
  /** How it is closed when the server stops, or when its identity ends. */
  readonly farewell: Closing;
}

/**
 * The life of a client whose dialect has no word for connecting: it is let in as it comes, what it says is heard in order,
 * and it is gone with its wire.
 */
export class SimpleSession implements Session {
  readonly connection: LiveConnection;
  readonly #parts: SimpleSessionParts;
  readonly #inOrder: InOrder;
  readonly #lifetime: Lifetime;
  /** Runs while what was said before the end is heard. */
  #patience: Timer | undefined;
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

  closed(code: number, reason: string): void {
    const { engine, wire, hearsOut = false } = this.#parts;
    if (!hearsOut || !this.connection.isOpen || wire.isEnded) return this.#end(code, reason);
    this.#inOrder.run(() => this.#end(code, reason));
    if (!this.#isOver) this.#patience = engine.clock.after(maxHearingOutMs, () => this.#end(code, reason));
  }

  drain(): void {
    const { code, reason } = this.#parts.farewell;
    this.#parts.wire.close(code, reason);
  }

  #end(code: number, reason: string): void {
    this.#isOver = true;
    this.#patience?.cancel();
    this.#lifetime.stop();
    const wasOpen = this.connection.isOpen;
    if (wasOpen) this.#parts.leaving?.(this.connection, { code, reason });
    this.#parts.engine.disconnect(this.connection, { code, reason });
    if (wasOpen) this.#parts.ended?.(this.connection, { code, reason });
  }

  #enter(): Later<void> {
    const { engine, token, authenticate, opened } = this.#parts;
    const welcome = (): void => {
      this.#lifetime.start();
      opened?.(this.connection);
    };
    try {
      const entered = engine.connect(this.connection, token, welcome, authenticate);
      return isPending(entered) ? entered.catch((error: unknown) => this.#refuse(error)) : undefined;
    } catch (error) {
      return this.#refuse(error);
    }
  }

  #refuse(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { engine, refused, wire } = this.#parts;
    refused(toCarillonError(error, "internal"), wire);
    engine.disconnect(this.connection, { code: 1008, reason: "refused" });
  }
}
