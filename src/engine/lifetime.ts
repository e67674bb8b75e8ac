import { CarillonError } from "../errors/carillon-error.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Identity } from "./application.ts";
import type { LiveConnection } from "./connection.ts";
import { afterLong } from "./long-timer.ts";

/** Told what happens to a connection whose identity is for a time only. */
export interface LifetimeHost {
  /** It ends in so many milliseconds, unless it is renewed. */
  soon(inMs: number): void;
  /** It has ended. */
  over(): void;
}

/** The end is announced so long ahead, or a tenth of the life that is left. */
const aheadMs = 30_000;

/**
 * Ends a connection when its identity does.
 *
 * The wall clock is read once for each identity; what remains is measured with the monotonic one, so that a clock that is
 * set ends nobody early.
 */
export class Lifetime {
  readonly #clock: Clock;
  readonly #connection: LiveConnection;
  readonly #host: LifetimeHost;
  #timer: Timer | undefined;
  #isRunning = false;

  constructor(clock: Clock, connection: LiveConnection, host: LifetimeHost) {
    this.#clock = clock;
    this.#connection = connection;
    this.#host = host;
  }

  /** From now on the identity's end is the connection's. */
  start(): void {
    this.stop();
    this.#isRunning = true;
    const { expiresAt } = this.#connection;
    if (expiresAt === undefined) return;
    const leftMs = Math.max(0, expiresAt - this.#clock.wall());
    const lastMs = Math.min(aheadMs, Math.round(leftMs / 10));
    this.#wait(leftMs - lastMs, () => {
      this.#wait(lastMs, () => this.#host.over());
      this.#host.soon(lastMs);
    });
  }

  stop(): void {
    this.#isRunning = false;
    this.#timer?.cancel();
  }

  /** Goes on until a fresh identity of the same user ends, under its token's id; nothing else is taken from it. @throws {CarillonError} `forbidden` for any other user */
  renew({ userId, expiresAt, tokenId }: Identity): void {
    if (userId !== this.#connection.userId) throw new CarillonError("forbidden", { message: "another user's token" });
    this.#connection.expiresAt = expiresAt;
    this.#connection.tokenId = tokenId;
    // A connection without a link is asked for its identity again before it gets another one.
    if (this.#isRunning) this.start();
  }

  #wait(ms: number, run: () => void): void {
    this.#timer = afterLong(this.#clock, ms, run);
  }
}
