import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "../platform/clock.ts";

/** How late the event loop was of late. */
export interface EventLoopDelay {
  /** Of a hundred looks at it, the second latest. */
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** What Node measures with; in nanoseconds. */
export interface DelayHistogram {
  readonly count: number;
  readonly max: number;
  enable(): boolean;
  disable(): boolean;
  reset(): void;
  percentile(percentile: number): number;
}

const resolutionMs = 20;
const windowMs = 10_000;
const none: EventLoopDelay = { p99Ms: 0, maxMs: 0 };

/**
 * Measures the event loop's delay, from the first time it is asked on.
 *
 * An answer is about the last ten seconds at least, whoever else asks and however often: what it reads it does not use up.
 */
export class EventLoop {
  readonly #clock: Clock;
  readonly #makeHistogram: () => DelayHistogram;
  #histogram: DelayHistogram | undefined;
  #isClosed = false;
  #windowStart = 0;
  #previous: EventLoopDelay = none;

  constructor(clock: Clock, makeHistogram: () => DelayHistogram = nodeHistogram) {
    this.#clock = clock;
    this.#makeHistogram = makeHistogram;
  }

  delay(): EventLoopDelay {
    if (this.#isClosed) return none;
    const now = this.#clock.now();
    if (!this.#histogram) {
      this.#histogram = this.#makeHistogram();
      this.#histogram.enable();
      this.#windowStart = now;
      return none;
    }
    const current = read(this.#histogram);
    const previous = this.#previous;
    if (now - this.#windowStart >= windowMs) {
      this.#previous = current;
      this.#windowStart = now;
      this.#histogram.reset();
    }
    return { p99Ms: Math.max(current.p99Ms, previous.p99Ms), maxMs: Math.max(current.maxMs, previous.maxMs) };
  }

  close(): void {
    this.#isClosed = true;
    this.#histogram?.disable();
  }
}

function nodeHistogram(): DelayHistogram {
  return monitorEventLoopDelay({ resolution: resolutionMs });
}

function read(histogram: DelayHistogram): EventLoopDelay {
  // Before the first sample its figures mean nothing.
  if (histogram.count === 0) return none;
  return { p99Ms: beyondResolution(histogram.percentile(99)), maxMs: beyondResolution(histogram.max) };
}

/** Node records the time between two looks, which is the resolution where nothing is late. */
function beyondResolution(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1_000_000 - resolutionMs);
}
