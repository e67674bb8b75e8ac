import type { Clock, Timer } from "../platform/clock.ts";

interface Waiting {
  readonly at: number;
  readonly run: () => void;
}

/**
 * Time that passes only when told to.
 *
 * @example
 * ```ts
 * const clock = new ManualClock();
 * clock.after(1_000, () => console.log("now"));
 * clock.advance(1_000);
 * ```
 */
export class ManualClock implements Clock {
  readonly #waiting = new Set<Waiting>();
  #now = 0;
  #wall: number;

  /** @param wall the Unix time in ms that it starts with */
  constructor(wall: number = Date.UTC(2026, 0, 1)) {
    this.#wall = wall;
  }

  /** How many timers are waiting. */
  get timers(): number {
    return this.#waiting.size;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#wall;
  }

  after(ms: number, run: () => void): Timer {
    const waiting: Waiting = { at: this.#now + ms, run };
    this.#waiting.add(waiting);
    return { cancel: () => void this.#waiting.delete(waiting) };
  }

  /** Lets time pass, and runs each timer at its moment: the earliest first, and of equals the one started first. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#first(end); next; next = this.#first(end)) {
      this.#waiting.delete(next);
      this.#pass(next.at - this.#now);
      next.run();
    }
    this.#pass(end - this.#now);
  }

  /** What people do to a wall clock; no timer notices. */
  setWall(wall: number): void {
    this.#wall = wall;
  }

  #pass(ms: number): void {
    if (ms <= 0) return;
    this.#now += ms;
    this.#wall += ms;
  }

  #first(end: number): Waiting | undefined {
    let first: Waiting | undefined;
    for (const waiting of this.#waiting) if (waiting.at <= end && (!first || waiting.at < first.at)) first = waiting;
    return first;
  }
}
