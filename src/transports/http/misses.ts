import type { Clock } from "../../platform/clock.ts";

/** So many are answered; then the address has to wait. */
const missesAllowed = 20;
const windowMs = 60_000;

/** More addresses than that are not told apart. */
const maxAddresses = 10_000;

/** Counts who asks for links that do not exist: guessing is hopeless, and should not be cheap either. */
export class Misses {
  readonly #clock: Clock;
  readonly #counts = new Map<string, number>();
  #since = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns `false` when this address has had its share of the minute */
  allow(address: string): boolean {
    const now = this.#clock.now();
    if (now - this.#since >= windowMs) {
      this.#since = now;
      this.#counts.clear();
    }
    const key = this.#counts.has(address) || this.#counts.size < maxAddresses ? address : "";
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count <= missesAllowed;
  }
}
