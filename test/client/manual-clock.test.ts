import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/testing/manual-clock.ts";

describe("a manual clock", () => {
  it("runs each timer at its moment, the earliest first", () => {
    const clock = new ManualClock();
    const ran: unknown[] = [];
    for (const ms of [30, 10, 20, 10, 41]) clock.after(ms, () => ran.push([ms, clock.now()]));
    clock.advance(40);
    expect(ran).toEqual([
      [10, 10],
      [10, 10],
      [20, 20],
      [30, 30],
    ]);
    expect([clock.now(), clock.timers]).toEqual([40, 1]);
  });

  it("runs what a timer starts, if that falls in the same time", () => {
    const clock = new ManualClock();
    const ran: number[] = [];
    const again = (): void => {
      ran.push(clock.now());
      clock.after(10, again);
    };
    clock.after(10, again);
    clock.advance(35);
    expect(ran).toEqual([10, 20, 30]);
  });

  it("does not run a timer before it was returned, nor one that was cancelled", () => {
    const clock = new ManualClock();
    let runs = 0;
    const timer = clock.after(0, () => (runs += 1));
    expect(runs).toBe(0);
    timer.cancel();
    timer.cancel();
    clock.advance(1);
    expect([runs, clock.timers]).toEqual([0, 0]);
  });

  it("keeps its timers when the wall clock is put back", () => {
    const clock = new ManualClock(1_000_000);
    let ranAt = 0;
    clock.after(10, () => (ranAt = clock.wall()));
    clock.setWall(0);
    clock.advance(10);
    expect([ranAt, clock.now()]).toEqual([10, 10]);
  });
});
