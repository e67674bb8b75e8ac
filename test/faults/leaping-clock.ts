import type { Clock, Timer } from "../../src/index.ts";

interface Waiting {
  readonly at: number;
  readonly run: () => void;
  timeout: NodeJS.Timeout;
}

/** Real time that can be told to leap ahead, as it does for a machine that was asleep. */
export class LeapingClock implements Clock {
  readonly #waiting = new Set<Waiting>();
  #leapt = 0;

  now(): number {
    return performance.now() + this.#leapt;
  }

  wall(): number {
    return Date.now() + this.#leapt;
  }

  after(ms: number, run: () => void): Timer {
    const waiting: Waiting = { at: this.now() + ms, run, timeout: this.#timeout(ms, () => this.#run(waiting)) };
    this.#waiting.add(waiting);
    return { cancel: () => this.#forget(waiting) };
  }

  /** Timers that are due by then run now, the earliest first. */
  leap(ms: number): void {
    this.#leapt += ms;
    const now = this.now();
    const due = [...this.#waiting].filter(({ at }) => at <= now).toSorted((one, other) => one.at - other.at);
    // One of them may cancel another.
    for (const waiting of due) if (this.#waiting.has(waiting)) this.#run(waiting);
    for (const waiting of this.#waiting) {
      clearTimeout(waiting.timeout);
      waiting.timeout = this.#timeout(waiting.at - this.now(), () => this.#run(waiting));
    }
  }

  #run(waiting: Waiting): void {
    // Timeouts of the platform may be early by a part of a millisecond.
    const early = waiting.at - this.now();
    if (early > 0) {
      waiting.timeout = this.#timeout(early, () => this.#run(waiting));
      return;
    }
    this.#forget(waiting);
    waiting.run();
  }

  #forget(waiting: Waiting): void {
    clearTimeout(waiting.timeout);
    this.#waiting.delete(waiting);
  }

  #timeout(ms: number, run: () => void): NodeJS.Timeout {
    return setTimeout(run, Math.max(0, Math.ceil(ms)));
  }
}
