import type { Clock } from "../platform/clock.ts";

/** How often something may happen: so many times at once, and so many times in each second from then on. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor(clock: Clock, perSecond: number, burst: number = perSecond) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = clock.now();
  }

  /** @returns whether it may happen now, which then counts. */
  take(): boolean {
    this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Whether there is anything to spend. */
  hasAny(): boolean {
    this.#fill();
    return this.#tokens > 0;
  }

  /** Takes also what is not there; then there is nothing until that has come in. */
  spend(count: number): void {
    this.#fill();
    this.#tokens -= count;
  }

  #fill(): void {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1_000) * this.#perSecond);
    this.#at = now;
  }
}
