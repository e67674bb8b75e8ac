import { expect, test } from "vitest";
import type { HttpFormat, HttpSettings } from "../../../src/dialects/dialect.ts";
import { OutboundBudget } from "../../../src/transports/outbound-budget.ts";
import { Links } from "../../../src/transports/http/links.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";

const format: HttpFormat = { contentType: "a/b", subprotocol: "", isBinary: false, join: (frames) => frames.join() };
const settings: HttpSettings = {
  maxMessageBytes: 1_000,
  maxBufferedBytes: 1_000,
  pollHoldMs: 1_000,
  linkIdleMs: 1_000,
  formats: [format],
};

function made(): { links: Links; clock: ManualClock; budget: OutboundBudget } {
  const clock = new ManualClock();
  const budget = new OutboundBudget(1_000_000);
  const random = { next: () => 0, uuid: () => "" };
  const rate = { perSecond: 1_000, burst: 2_000 };
  return { links: new Links({ settings, clock, budget, random, rate }), clock, budget };
}

test("how a link ended is remembered for as long as it might have been idle, without a timer", () => {
  const { links, clock } = made();
  const link = links.open(format);
  expect(links.find(link.id)).toBe(link);
  link.leave();
  expect(links.find(link.id)).toBeUndefined();
  expect(links.size).toBe(0);
  expect(clock.timers).toBe(0);
  clock.advance(999);
  expect(links.endingOf(link.id)).toEqual({ code: 1000, reason: "" });
  clock.advance(1);
  expect(links.endingOf(link.id)).toBeUndefined();
});

test("of more than 10,000 ends the oldest are forgotten first", () => {
  const { links } = made();
  const ids: string[] = [];
  for (let n = 0; n <= 10_000; n += 1) {
    const link = links.open(format);
    ids.push(link.id);
    link.destroy();
  }
  expect(links.endingOf(ids[0]!)).toBeUndefined();
  expect(links.endingOf(ids[1]!)).toEqual({ code: 1006, reason: "" });
  expect(links.endingOf(ids.at(-1)!)).toBeDefined();
});

test("a link that is gone is owed nothing and holds no timer", () => {
  const { links, clock, budget } = made();
  const link = links.open(format);
  link.send(["x".repeat(1_000)]);
  expect(budget.owedBytes).toBe(1_000);
  link.send(["x"]);
  expect(budget.owedBytes).toBe(0);
  expect(clock.timers).toBe(0);
  link.send(["x"]);
  link.close();
  link.destroy();
  link.shed();
  expect(link.ending).toMatchObject({ code: 4508 });
});

test("closed is called once, after send has returned", async () => {
  const { links } = made();
  const link = links.open(format);
  const codes: number[] = [];
  link.serve({ receive: () => undefined, closed: (code) => codes.push(code) }, undefined);
  link.send(["x".repeat(1_001)]);
  link.destroy();
  expect(codes).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(codes).toEqual([4508]);
});
