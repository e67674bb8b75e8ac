import type { Clock, Timer } from "../platform/clock.ts";

/**
 * Notices when nothing has been heard for a whole deadline.
 *
 * One timer that looks back, because starting one for every message costs more than the message.
 */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #silent: () => void;
  #heardAt = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, deadlineMs: number, silent: () => void) {
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
    this.#silent = silent;
    this.heard();
    this.#look();
  }

  heard(): void {
    this.#heardAt = this.#clock.now();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #look(): void {
    const leftMs = this.#heardAt + this.#deadlineMs - this.#clock.now();
    if (leftMs > 0) this.#timer = this.#clock.after(leftMs, () => this.#look());
    else this.#silent();
  }
}
