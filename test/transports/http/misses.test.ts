import { expect, test } from "vitest";
import { Misses } from "../../../src/transports/http/misses.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";

function allowed(misses: Misses, address: string, count: number): number {
  let answered = 0;
  for (let n = 0; n < count; n += 1) if (misses.allow(address)) answered += 1;
  return answered;
}

test("an address has 20 misses a minute, whatever others do", () => {
  const clock = new ManualClock();
  const misses = new Misses(clock);
  expect(allowed(misses, "a", 30)).toBe(20);
  expect(allowed(misses, "b", 1)).toBe(1);
  clock.advance(59_999);
  expect(allowed(misses, "a", 1)).toBe(0);
  clock.advance(1);
  expect(allowed(misses, "a", 30)).toBe(20);
});

test("more than 10,000 addresses in a minute share what is left", () => {
  const misses = new Misses(new ManualClock());
  for (let n = 0; n < 10_000; n += 1) expect(misses.allow(`address ${n}`)).toBe(true);
  expect(allowed(misses, "one more", 15)).toBe(15);
  expect(allowed(misses, "and another", 15)).toBe(5);
  expect(allowed(misses, "address 7", 30)).toBe(19);
});
