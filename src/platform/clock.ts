/** A timer that has been started. */
export interface Timer {
  /** Idempotent, and harmless after it has fired. */
  cancel(): void;
}

/**
 * Time, as everything in Carillon sees it, so that tests and simulations can own it.
 *
 * - `now` MUST be monotonic; all deadlines and intervals are measured with it.
 * - `wall` is for stamps that people read, and for nothing else.
 * - `after` MUST call back once, never before `ms` have passed and never before it has returned. It is never asked for more
 *   than `maxTimerMs`.
 */
export interface Clock {
  /** Milliseconds since an arbitrary moment. */
  now(): number;
  /** Unix time in milliseconds. */
  wall(): number;
  after(ms: number, run: () => void): Timer;
}

/** Longer timers fire at once. @see HTML, "timer initialisation steps": the timeout is a signed 32-bit integer */
export const maxTimerMs: number = 2 ** 31 - 1;

/** The host's own time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
