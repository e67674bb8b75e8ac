import { maxTimerMs, type Clock, type Timer } from "../platform/clock.ts";

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
