import type { Clock, Timer } from "../../platform/clock.ts";

/** Something that remembers things for a while. */
export interface Swept {
  /** How much it remembers; with nothing, it need not be swept. */
  readonly size: number;
  sweep(now: number): void;
}

const everyMs = 60_000;

/** Lets go of what is too old, now and then, and has a timer only while there is something. */
export class Sweeper {
  readonly #clock: Clock;
  readonly #swept: readonly Swept[];
  #timer: Timer | undefined;

  constructor(clock: Clock, swept: readonly Swept[]) {
    this.#clock = clock;
    this.#swept = swept;
  }

  /** To be called when something is remembered. */
  wake(): void {
    this.#timer ??= this.#clock.after(everyMs, () => this.#sweep());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #sweep(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (const each of this.#swept) each.sweep(now);
    if (this.#swept.some(({ size }) => size > 0)) this.wake();
  }
}
