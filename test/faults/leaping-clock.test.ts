import { once } from "node:events";
import { expect, test } from "vitest";
import { LeapingClock } from "./leaping-clock.ts";

test("timers that are due after a leap run at once, the earliest first, and what was cancelled never", () => {
  const clock = new LeapingClock();
  const ran: number[] = [];
  const last = clock.after(30_000, () => ran.push(30));
  clock.after(20_000, () => ran.push(20));
  clock.after(10_000, () => {
    ran.push(10);
    last.cancel();
  });
  const before = clock.now();
  clock.leap(40_000);
  expect(ran).toEqual([10, 20]);
  expect(clock.now() - before).toBeGreaterThanOrEqual(40_000);
});

test("a timer that a leap has not reached keeps its moment, and time goes on by itself", async () => {
  const clock = new LeapingClock();
  const target = new EventTarget();
  const rung = once(target, "ring");
  const begin = performance.now();
  clock.after(10_030, () => target.dispatchEvent(new Event("ring")));
  clock.leap(10_000);
  await rung;
  expect(performance.now() - begin).toBeGreaterThanOrEqual(29);
});
