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
import type { Closing, Session } from "./dialect.ts";

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
  /** It was in, and is gone. */
  readonly ended?: (connection: LiveConnection, ending: Ending) => void;
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
      if (this.#isOver) return undefined;
      const { heard, failed } = this.#parts;
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
    this.#isOver = true;
    this.#lifetime.stop();
    const wasOpen = this.connection.isOpen;
    this.#parts.engine.disconnect(this.connection, { code, reason });
    if (wasOpen) this.#parts.ended?.(this.connection, { code, reason });
  }

  drain(): void {
    const { code, reason } = this.#parts.farewell;
    this.#parts.wire.close(code, reason);
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
