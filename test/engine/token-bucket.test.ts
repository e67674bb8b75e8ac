import { describe, expect, it } from "vitest";
import { TokenBucket } from "../../src/engine/token-bucket.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";

function taken(bucket: TokenBucket, tries = 100): number {
  return Array.from({ length: tries }, () => bucket.take()).filter(Boolean).length;
}

describe("a token bucket", () => {
  it("is full at the beginning", () => {
    expect(taken(new TokenBucket(new ManualClock(), 10))).toBe(10);
    expect(taken(new TokenBucket(new ManualClock(), 10, 25))).toBe(25);
  });

  it("gives one more only when its time has passed in full", () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket(clock, 10);
    taken(bucket);
    clock.advance(99);
    expect(bucket.take()).toBe(false);
    clock.advance(1);
    expect(taken(bucket)).toBe(1);
  });

  it("never holds more than its burst, however long nobody asks", () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket(clock, 10, 15);
    taken(bucket);
    clock.advance(3_600_000);
    expect(taken(bucket)).toBe(15);
  });

  it("that gave more than it had is empty until that is paid back", () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket(clock, 10);
    expect(bucket.hasAny()).toBe(true);
    bucket.spend(25);
    clock.advance(1_500);
    expect([bucket.hasAny(), bucket.take()]).toEqual([false, false]);
    clock.advance(1);
    expect([bucket.hasAny(), bucket.take()]).toEqual([true, false]);
    clock.advance(3_600_000);
    bucket.spend(10);
    clock.advance(100);
    expect(taken(bucket)).toBe(1);
  });
});
