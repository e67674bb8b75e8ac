import { describe, expect, it } from "vitest";
import type { LiveConnection } from "../../src/engine/connection.ts";
import { Lifetime } from "../../src/engine/lifetime.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";

/** A connection of `ada` with so much time left, and what it is told. */
function living(leftMs: number | undefined): {
  readonly clock: ManualClock;
  readonly lifetime: Lifetime;
  readonly told: (number | "over")[];
} {
  const clock = new ManualClock();
  const told: (number | "over")[] = [];
  const connection = { userId: "ada", expiresAt: leftMs === undefined ? undefined : clock.wall() + leftMs };
  const lifetime = new Lifetime(clock, connection as LiveConnection, {
    soon: (inMs) => told.push(inMs),
    over: () => told.push("over"),
  });
  lifetime.start();
  return { clock, lifetime, told };
}

describe("Lifetime", () => {
  it("announces the end 30 seconds ahead, and ends when its time has come and not before", () => {
    const { clock, told } = living(600_000);
    clock.advance(569_999);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toEqual([30_000]);
    clock.advance(29_999);
    expect(told).toEqual([30_000]);
    clock.advance(1);
    expect(told).toEqual([30_000, "over"]);
  });

  it("announces a short life's end a tenth of it ahead", () => {
    const { clock, told } = living(10_000);
    clock.advance(8_999);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toEqual([1_000]);
    clock.advance(1_000);
    expect(told).toEqual([1_000, "over"]);
  });

  it("ends at once what has ended already", () => {
    const { clock, told } = living(-1);
    clock.advance(0);
    expect(told).toEqual([0, "over"]);
  });

  it("never ends without a time", () => {
    const { clock, told } = living(undefined);
    clock.advance(10 * 365 * 86_400_000);
    expect(told).toEqual([]);
  });

  it("ends no life early that is longer than a timer can be", () => {
    const { clock, told } = living(2 ** 32);
    clock.advance(2 ** 32 - 30_001);
    expect(told).toEqual([]);
    clock.advance(30_001);
    expect(told).toEqual([30_000, "over"]);
  });

  it("starts over with a fresh identity of the same user, or with one without a time", () => {
    const { clock, lifetime, told } = living(10_000);
    clock.advance(9_500);
    lifetime.renew({ userId: "ada", expiresAt: clock.wall() + 10_000 });
    clock.advance(9_999);
    expect(told).toEqual([1_000, 1_000]);
    lifetime.renew({ userId: "ada" });
    clock.advance(86_400_000);
    expect(told).toEqual([1_000, 1_000]);
  });

  it("N30: another user's identity changes nothing", () => {
    const { clock, lifetime, told } = living(10_000);
    const renew = (userId?: string) => () =>
      lifetime.renew({ ...(userId && { userId }), expiresAt: clock.wall() + 1e6 });
    expect(renew("bob")).toThrow(expect.objectContaining({ code: "forbidden" }));
    expect(renew()).toThrow(expect.objectContaining({ code: "forbidden" }));
    clock.advance(10_000);
    expect(told).toEqual([1_000, "over"]);
  });

  it("says nothing any more when it is stopped, and a renewal does not wake it", () => {
    const { clock, lifetime, told } = living(10_000);
    lifetime.stop();
    lifetime.renew({ userId: "ada", expiresAt: clock.wall() + 10_000 });
    clock.advance(86_400_000);
    expect(told).toEqual([]);
  });
});
