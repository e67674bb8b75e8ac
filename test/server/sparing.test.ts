import { expect, test } from "vitest";
import { sparing } from "../../src/server/sparing.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";

test("X10: 10 warnings in a second are written, the 11th is not, and the next second says so", () => {
  const lines: string[] = [];
  const write = (_facts: object, message: string): void => void lines.push(message);
  const clock = new ManualClock();
  const logger = sparing({ info: write, warn: write, error: write }, clock);
  for (let n = 1; n <= 10; n += 1) logger.warn({}, `w${n}`);
  expect(lines).toHaveLength(10);
  logger.warn({}, "w11");
  clock.advance(999);
  logger.warn({}, "w12");
  expect(lines).toHaveLength(10);
  logger.error({}, "an error is always written");
  logger.info({}, "and so is what goes on");
  clock.advance(1);
  logger.warn({}, "w13");
  clock.advance(1_000);
  logger.warn({}, "w14");
  expect(lines.slice(10)).toEqual([
    "an error is always written",
    "and so is what goes on",
    "2 warnings were left out",
    "w13",
    "w14",
  ]);
});
