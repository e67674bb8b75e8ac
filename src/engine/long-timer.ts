import type { Clock, Timer } from "../platform/clock.ts";

/** Longer timers fire at once. @see Node.js, `setTimeout`: the delay is a signed 32-bit integer */
const maxTimerMs = 2 ** 31 - 1;

/** As `clock.after`, for any length of time. */
export function afterLong(clock: Clock, ms: number, run: () => void): Timer {
  let timer: Timer;
  const wait = (rest: number): void => {
    timer =
      rest > maxTimerMs ? clock.after(maxTimerMs, () => wait(rest - maxTimerMs)) : clock.after(Math.max(0, rest), run);
  };
  wait(ms);
  return { cancel: () => timer.cancel() };
}
