import type { Clock, Timer } from "../platform/clock.ts";

/** Notices when nothing has been heard for a whole deadline. */
export interface Heartbeat {
  heard(): void;
  stop(): void;
}

/** One timer that looks back, because starting one for every message costs more than the message. */
export function startHeartbeat(clock: Clock, deadlineMs: number, silent: () => void): Heartbeat {
  let heardAt = clock.now();
  let timer: Timer;
  const look = (): void => {
    const leftMs = heardAt + deadlineMs - clock.now();
    if (leftMs > 0) timer = clock.after(leftMs, look);
    else silent();
  };
  look();
  return {
    heard() {
      heardAt = clock.now();
    },
    stop: () => timer.cancel(),
  };
}
