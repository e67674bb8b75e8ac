import { isPending, type Later } from "./later.ts";

/** Told when so much waits that the sender should be held back, and when nothing waits any more. */
export interface Pressure {
  high(): void;
  low(): void;
}

/** So many waiting operations are high pressure. */
const highWater = 64;

/**
 * Runs the operations of one connection one after another, each at once when nothing is before it.
 *
 * With a broker that finishes at once, nothing ever waits here and no promise is made.
 */
export class InOrder {
  readonly #pressure: Pressure;
  #waiting: (() => Later<void>)[] = [];
  #busy = false;
  #high = false;

  constructor(pressure: Pressure) {
    this.#pressure = pressure;
  }

  /** `operation` must neither throw nor reject. */
  run(operation: () => Later<void>): void {
    if (this.#busy) {
      this.#waiting.push(operation);
      if (!this.#high && this.#waiting.length >= highWater) {
        this.#high = true;
        this.#pressure.high();
      }
      return;
    }
    const result = operation();
    if (!isPending(result)) return;
    this.#busy = true;
    void this.#finish(result);
  }

  async #finish(first: Promise<void>): Promise<void> {
    await first;
    while (this.#waiting.length > 0) {
      const operations = this.#waiting;
      this.#waiting = [];
      for (const operation of operations) {
        const result = operation();
        if (isPending(result)) await result;
      }
      if (this.#high && this.#waiting.length < highWater) {
        this.#high = false;
        this.#pressure.low();
      }
    }
    this.#busy = false;
  }
}
