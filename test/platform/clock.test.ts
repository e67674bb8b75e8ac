import { describe, expect, it } from "vitest";
import { systemClock, type Clock } from "../../src/platform/clock.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";

describe("the system's clock", () => {
  it("calls back once, after the time and never before it has returned", async () => {
    const start = systemClock.now();
    let returned = false;
    const passed = await new Promise<number>((resolve) => {
      systemClock.after(5, () => resolve(returned ? systemClock.now() - start : -1));
      returned = true;
    });
    // Node's timers count whole milliseconds.
    expect(passed).toBeGreaterThanOrEqual(4);
  });

  it("does not call back when cancelled; cancelling again, and after it fired, is harmless", async () => {
    const calls: string[] = [];
    const cancelled = systemClock.after(1, () => calls.push("cancelled"));
    cancelled.cancel();
    cancelled.cancel();
    const fired = await new Promise<ReturnType<Clock["after"]>>((resolve) => {
      const timer = systemClock.after(3, () => resolve(timer));
    });
    fired.cancel();
    expect(calls).toEqual([]);
  });

  it("tells Unix time for stamps and a monotonic time for everything else", () => {
    const before = Date.now();
    const wall = systemClock.wall();
    expect(wall).toBeGreaterThanOrEqual(before);
    expect(wall).toBeLessThanOrEqual(Date.now());
    const first = systemClock.now();
    expect(systemClock.now()).toBeGreaterThanOrEqual(first);
  });
});

describe("ManualClock", () => {
  it("runs each timer at its moment: the earliest first, and of equals the one started first", () => {
    const clock = new ManualClock();
    const calls: string[] = [];
    const note = (name: string) => (): void => void calls.push(`${name}@${clock.now()}`);
    clock.after(20, note("late"));
    clock.after(10, note("first"));
    clock.after(10, note("second"));
    clock.advance(9);
    expect(calls).toEqual([]);
    clock.advance(11);
    expect(calls).toEqual(["first@10", "second@10", "late@20"]);
    expect(clock.timers).toBe(0);
  });

  it("runs timers that timers start, when they are due in the same stretch", () => {
    const clock = new ManualClock();
    const calls: number[] = [];
    const tick = (): void => {
      calls.push(clock.now());
      clock.after(10, tick);
    };
    clock.after(10, tick);
    clock.advance(35);
    expect(calls).toEqual([10, 20, 30]);
    expect(clock.timers).toBe(1);
  });

  it("does not run what was cancelled, also during the same stretch", () => {
    const clock = new ManualClock();
    const calls: string[] = [];
    const second = clock.after(10, () => calls.push("second"));
    clock.after(5, () => second.cancel());
    clock.advance(20);
    expect(calls).toEqual([]);
    second.cancel();
  });

  it("runs nothing before it was returned", () => {
    const clock = new ManualClock();
    let runs = 0;
    clock.after(0, () => (runs += 1));
    expect(runs).toBe(0);
    clock.advance(0);
    expect(runs).toBe(1);
  });

  it.each([0, 3_600_000])("a wall clock that is set to %i moves no timer", (wall) => {
    const clock = new ManualClock(1_000);
    const calls: string[] = [];
    clock.after(10, () => calls.push("due"));
    clock.setWall(wall);
    expect(calls).toEqual([]);
    expect(clock.now()).toBe(0);
    clock.advance(10);
    expect(calls).toEqual(["due"]);
    expect(clock.wall()).toBe(wall + 10);
  });
});
