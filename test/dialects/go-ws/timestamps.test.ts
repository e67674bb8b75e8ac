import { describe, expect, test } from "vitest";
import { Nanoseconds, rfc3339 } from "../../../src/dialects/go-ws/timestamps.ts";

describe("rfc3339()", () => {
  test.each([
    [0, "1970-01-01T00:00:00Z"],
    [Date.UTC(2026, 10, 21, 0, 16, 38), "2026-11-21T00:16:38Z"],
    [Date.UTC(2024, 1, 29, 23, 59, 59), "2024-02-29T23:59:59Z"],
    [Date.UTC(2100, 1, 28, 12), "2100-02-28T12:00:00Z"],
  ])("%d is %s", (ms, text) => {
    expect(rfc3339(ms, "seconds")).toBe(text);
  });

  test("says what Date says, on each day of 800 years", () => {
    for (let ms = Date.UTC(1600, 0, 1); ms < Date.UTC(2400, 0, 1); ms += 86_400_000) {
      const time = ms + (ms % 7) * 3_600_123;
      if (rfc3339(time, "seconds") !== new Date(time).toISOString().replace(/\.\d+Z/, "Z")) {
        expect(rfc3339(time, "seconds")).toBe(new Date(time).toISOString());
      }
    }
  });

  test.each([
    [0, "T00:00:00Z"],
    [1, "T00:00:00.001Z"],
    [140, "T00:00:00.14Z"],
    [999.9, "T00:00:00.999Z"],
  ])("%d ms are told without zeros at the end", (ms, text) => {
    expect(rfc3339(ms, "fraction")).toBe(`1970-01-01${text}`);
  });
});

describe("Nanoseconds", () => {
  test("are never the same twice and never go back, whatever the clock does", () => {
    const nanoseconds = new Nanoseconds({ next: () => 0 });
    const all = [1_000, 1_000, 1_001, 999, 5_000].map((wall) => BigInt(nanoseconds.next(wall)));
    expect(all).toEqual([1_000_000_000n, 1_000_000_001n, 1_001_000_000n, 1_001_000_001n, 5_000_000_000n]);
    let last = 0;
    const many = new Nanoseconds({ next: () => 0 });
    for (let count = 0; count < 1_000_002; count += 1) {
      const next = Number(many.next(7));
      if (next <= last) expect(next).toBeGreaterThan(last);
      last = next;
    }
    expect(last).toBe(8_000_001);
  });

  test("begin anywhere in a millisecond, where there is room for more", () => {
    const latest = new Nanoseconds({ next: () => 1 - 2 ** -53 });
    expect([5, 5, 6].map((wall) => latest.next(wall))).toEqual(["5899999", "5900000", "6899999"]);
    for (let count = 900_000; count <= 999_999; count += 1) latest.next(6);
    expect(latest.next(6)).toBe("7899999");
  });
});
