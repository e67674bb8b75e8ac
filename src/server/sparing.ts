import type { Clock } from "../platform/clock.ts";
import type { Logger } from "./logger.ts";

/** So many warnings in a second; what clients do wrong must not fill a disk. */
const maxPerSecond = 10;

/** The same logger, which is told no more warnings than anybody reads, and how many were left out. */
export function sparing(logger: Logger, clock: Pick<Clock, "now">): Logger {
  let since = -Infinity;
  let count = 0;
  return {
    ...logger,
    warn(facts, message) {
      const now = clock.now();
      if (now - since >= 1_000) {
        const leftOut = count - maxPerSecond;
        since = now;
        count = 0;
        if (leftOut > 0) logger.warn({ leftOut }, `${leftOut} warnings were left out`);
      }
      count += 1;
      if (count <= maxPerSecond) logger.warn(facts, message);
    },
  };
}
