import type { Frame } from "../../engine/ports/wire.ts";
import { CarillonError } from "../../errors/carillon-error.ts";
import type { AoSocket } from "./prepared-socket.ts";

/**
 * A connection without a network, for `connect()`: a test plays the client.
 *
 * @example
 * ```ts
 * const socket = new AoMockSocket();
 * const ended = websockets.connect(socket);
 * socket.say('{"e":"echo","p":{"value":1}}');
 * socket.hangUp();
 * await ended;
 * console.log(socket.written);
 * ```
 */
export class AoMockSocket implements AoSocket {
  /** For `connection.locals`; may be filled until it is connected. */
  readonly locals: Record<string, unknown> = {};
  /** What the server wrote, the oldest first. */
  readonly written: Frame[] = [];
  /** How the server closed it. */
  closing: { readonly code: number | undefined; readonly reason: string | undefined } | undefined;
  readonly #said: Frame[] = [];
  #waiting: { readonly take: (message: Frame) => void; readonly fail: (error: unknown) => void } | undefined;
  #isOver = false;
  #doError = false;

  /** Every call fails from now on, one that waits already included. */
  get doError(): boolean {
    return this.#doError;
  }

  set doError(doError: boolean) {
    this.#doError = doError;
    if (doError) this.#fail();
  }

  /** Plays the client: sends messages. */
  say(...messages: readonly Frame[]): void {
    for (const message of messages) {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting) waiting.take(message);
      else this.#said.push(message);
    }
  }

  /** Plays the client: is gone, once what it said before has been read. */
  hangUp(): void {
    this.#isOver = true;
    this.#fail();
  }

  /** @throws {CarillonError} `connection-closed`, as a rejection */
  readMessage(): Promise<Frame> {
    return new Promise((resolve, reject) => {
      const next = this.#doError ? undefined : this.#said.shift();
      if (next !== undefined) resolve(next);
      else if (this.#doError || this.#isOver) reject(broken());
      else this.#waiting = { take: resolve, fail: reject };
    });
  }

  /** @throws {CarillonError} `connection-closed` */
  writeMessage(message: Frame): void {
    if (this.#doError) throw broken();
    this.written.push(message);
  }

  /** @throws {CarillonError} `connection-closed` */
  close(code?: number, reason?: string): void {
    this.closing ??= { code, reason };
    this.hangUp();
    if (this.#doError) throw broken();
  }

  #fail(): void {
    this.#waiting?.fail(broken());
    this.#waiting = undefined;
  }
}

function broken(): CarillonError {
  return new CarillonError("connection-closed", { message: "the mock connection is broken or over" });
}
