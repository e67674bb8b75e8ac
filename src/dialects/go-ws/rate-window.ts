/** How many messages of one client are heard in a time. */
export interface GoWsRateLimit {
  /** @default 100 */
  readonly messages?: number;
  /** @default 60_000 // a minute */
  readonly intervalMs?: number;
}

/** Counts one client's messages, from the first one of an interval to its end. */
export class RateWindow {
  readonly #limit: Required<GoWsRateLimit>;
  #endsAt = -Infinity;
  #count = 0;

  constructor(limit: Required<GoWsRateLimit>) {
    this.#limit = limit;
  }

  /** @returns whether it is heard, and of those that are not, which one is the first of its interval */
  take(now: number): "heard" | "first-dropped" | "dropped" {
    if (now >= this.#endsAt) {
      this.#endsAt = now + this.#limit.intervalMs;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count <= this.#limit.messages) return "heard";
    return this.#count === this.#limit.messages + 1 ? "first-dropped" : "dropped";
  }
}
