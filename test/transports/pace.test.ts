import { expect, test } from "vitest";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { messagesPerTurn, Pace, type MessageRate } from "../../src/transports/pace.ts";
import { turn } from "./http/serve.ts";

class Sender {
  readonly clock = new ManualClock();
  readonly pace: Pace;
  times = 0;

  constructor(rate: MessageRate) {
    this.pace = new Pace(this.clock, rate, { paced: () => void (this.times += 1) });
  }

  /** As many as may be taken now. */
  take(most = 100_000): number {
    let count = 0;
    while (count < most && this.pace.take()) count += 1;
    return count;
  }

  /** As many as may be taken before time passes. */
  async takeAll(most = 100_000): Promise<number> {
    let count = 0;
    for (let turns = 0; turns < 100 && count < most; turns += 1) {
      count += this.take(most - count);
      await turn();
    }
    return count;
  }
}

test("lets 64 messages be handled in a turn, and says when the next may", async () => {
  const sender = new Sender({ perSecond: 1_000, burst: 2_000 });
  expect(messagesPerTurn).toBe(64);
  expect(sender.take()).toBe(64);
  expect(sender.pace.take()).toBe(false);
  expect(sender.times).toBe(0);
  await turn();
  expect(sender.times).toBe(1);
  expect(sender.take()).toBe(64);
});

test("calls nobody who did not have to wait", async () => {
  const sender = new Sender({ perSecond: 1_000, burst: 2_000 });
  expect(sender.take(64)).toBe(64);
  await turn();
  expect(sender.take(63)).toBe(63);
  await turn();
  expect(sender.times).toBe(0);
  expect(sender.clock.timers).toBe(0);
});

test("lets the burst through, and then no more than the rate", async () => {
  const sender = new Sender({ perSecond: 1_000, burst: 2_000 });
  expect(await sender.takeAll()).toBe(2_000);
  let count = 0;
  for (let steps = 0; steps < 100; steps += 1) {
    sender.clock.advance(10);
    count += await sender.takeAll();
  }
  expect(count).toBe(1_000);
  expect(sender.times).toBeGreaterThanOrEqual(20);
});

test("saves a burst up, and no more", async () => {
  const sender = new Sender({ perSecond: 1_000, burst: 2_000 });
  expect(await sender.takeAll(2_000)).toBe(2_000);
  sender.clock.advance(1_500);
  expect(await sender.takeAll(1_500)).toBe(1_500);
  sender.clock.advance(60_000);
  expect(await sender.takeAll()).toBe(2_000);
});

test("makes who has no budget wait until there is some, and says so once", async () => {
  const sender = new Sender({ perSecond: 10, burst: 1 });
  expect(await sender.takeAll()).toBe(1);
  expect(sender.pace.take()).toBe(false);
  expect(sender.clock.timers).toBe(1);
  sender.clock.advance(99);
  expect(sender.times).toBe(0);
  sender.clock.advance(1);
  expect(sender.times).toBe(1);
  expect(sender.take()).toBe(1);
});

test.each<[MessageRate]>([
  [{ perSecond: Infinity, burst: Infinity }],
  [{ perSecond: 1, burst: Infinity }],
  [{ perSecond: Infinity, burst: 100_000 }],
])("%j: has fair turns without a limit", async (rate) => {
  const sender = new Sender(rate);
  expect(await sender.takeAll(6_400)).toBe(6_400);
  sender.clock.advance(1);
  await turn();
  expect(sender.take()).toBe(64);
});

test("calls nobody after its end, and leaves no timer", async () => {
  const waiting = new Sender({ perSecond: 10, burst: 1 });
  await waiting.takeAll();
  waiting.pace.take();
  waiting.pace.end();
  expect(waiting.clock.timers).toBe(0);
  const turned = new Sender({ perSecond: 10, burst: 1_000 });
  expect(turned.take()).toBe(64);
  turned.pace.end();
  await turn();
  expect([waiting.times, turned.times]).toEqual([0, 0]);
});

test("says when a client has used up its budget, and not when its turn is over", async () => {
  let times = 0;
  const sender = new Sender({ perSecond: 100, burst: 128, usedUp: () => void (times += 1) });
  expect(await sender.takeAll(128)).toBe(128);
  expect(times).toBe(0);
  expect(sender.take()).toBe(0);
  expect(times).toBe(1);
  sender.clock.advance(1_000);
  expect(await sender.takeAll(100)).toBe(100);
  expect(times).toBe(1);
});
