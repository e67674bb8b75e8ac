import { describe, expect, test } from "vitest";
import type { Reply } from "../../../src/dialects/dialect.ts";
import { PollingWire } from "../../../src/dialects/socket-go/polling-wire.ts";
import { ManualClock } from "../../../src/testing/index.ts";
import { OutboundBudget } from "../../../src/transports/outbound-budget.ts";

const settings = {
  pollHoldMs: 20_000,
  pollBodies: "objects",
  pollQueue: 1_000,
  maxBufferedBytes: 1_000_000,
  sessionIdleMs: 60_000,
  inboundQueue: 100,
} as const;

/** A wire, and what its session is told. */
function open(
  overrides: Partial<typeof settings> | Record<string, number> = {},
  budget = new OutboundBudget(Infinity),
): {
  readonly wire: PollingWire;
  readonly clock: ManualClock;
  readonly heard: unknown[];
  readonly closed: [number, string][];
  readonly ended: boolean[];
  readonly poll: () => Promise<unknown>;
} {
  const clock = new ManualClock();
  const heard: unknown[] = [];
  const closed: [number, string][] = [];
  const ended: boolean[] = [];
  const wire = new PollingWire({
    sessionId: "s",
    clock,
    settings: { ...settings, ...overrides },
    budget,
    ended: (_, isKnown) => ended.push(isKnown),
  });
  wire.serve({ receive: (frame) => heard.push(frame), closed: (code, reason) => closed.push([code, reason]) });
  const poll = async (): Promise<unknown> => {
    const { body, status } = (await wire.poll(() => undefined)) as Reply;
    return status === 200 ? (JSON.parse(body ?? "") as unknown) : status;
  };
  return { wire, clock, heard, closed, ended, poll };
}

describe("the wire of a polling client", () => {
  test("SGO-47 as many messages wait as may, and one more ends it with 1000, and all are lost", async () => {
    const { wire, closed, ended, poll } = open();
    for (let count = 0; count < 1_000; count += 1) wire.send([String(count)]);
    expect(await poll()).toHaveLength(1_000);
    for (let count = 0; count < 1_001; count += 1) wire.send([String(count)]);
    expect(closed).toEqual([]);
    expect(await poll()).toBe(410);
    expect([closed, ended, wire.bufferedBytes]).toEqual([[[1_000, ""]], [true], 0]);
    wire.send(["1"]);
    expect(await poll()).toBe(410);
  });

  test.each<[string, boolean, (wire: PollingWire) => void]>([
    ["the client leaves", false, (wire) => wire.leave()],
    ["this side closes it", true, (wire) => wire.close()],
    ["this side cuts it off", true, (wire) => wire.destroy()],
    ["too much waits for the client", true, (wire) => wire.shed()],
  ])("it knows who has ended it: %s", (_, isEnded, end) => {
    const { wire } = open();
    expect(wire.isEnded).toBe(false);
    end(wire);
    expect([wire.isOpen, wire.isEnded]).toEqual([false, isEnded]);
    wire.close();
    expect(wire.isEnded).toBe(true);
  });

  test("as many bytes wait as may, and one more ends it", async () => {
    const { wire, closed, poll } = open({ maxBufferedBytes: 10 });
    wire.send(["12345", "67890"]);
    expect([wire.bufferedBytes, await poll()]).toEqual([10, [12_345, 67_890]]);
    wire.send(["12345", "678901"]);
    expect(await poll()).toBe(410);
    expect(closed).toHaveLength(1);
  });

  test("L10: as many bytes wait for all together as may, and with one more the slowest ends", async () => {
    const budget = new OutboundBudget(10);
    const [slowest, other] = [open({}, budget), open({}, budget)];
    slowest.wire.send(["123456"]);
    other.wire.send(["1234"]);
    expect([budget.owedBytes, slowest.closed, other.closed]).toEqual([10, [], []]);
    other.wire.send(["5"]);
    expect([await slowest.poll(), slowest.closed, slowest.wire.wasSlow]).toEqual([410, [[1_000, ""]], true]);
    expect([budget.owedBytes, await other.poll(), budget.owedBytes]).toEqual([5, [1_234, 5], 0]);
  });

  test("L10: what a poll takes at once, and what ends with its wire, is owed no more", async () => {
    const budget = new OutboundBudget(10);
    const { wire, poll } = open({}, budget);
    const polled = poll();
    wire.send(["12345678901"]);
    expect([await polled, budget.owedBytes]).toEqual([[12_345_678_901], 0]);
    wire.send(["1234567890"]);
    wire.close();
    expect(budget.owedBytes).toBe(10);
    wire.destroy();
    expect(budget.owedBytes).toBe(0);
  });

  test("a held poll takes more at once than may wait", async () => {
    const { wire, closed, poll } = open({ pollQueue: 3 });
    const polled = poll();
    wire.send(["1", "2", "3", "4"]);
    expect(await polled).toEqual([1, 2, 3, 4]);
    expect(closed).toEqual([]);
  });

  test("a held poll is answered with everything of one turn", async () => {
    const { wire, poll } = open();
    const polled = poll();
    for (let count = 0; count < 5; count += 1) wire.send([String(count)]);
    expect(await polled).toEqual([0, 1, 2, 3, 4]);
  });

  test("a poll is held as long as it may be, and no longer", async () => {
    const { clock, poll } = open();
    let answer: unknown;
    const polled = poll().then((body) => (answer = body));
    clock.advance(19_999);
    await Promise.resolve();
    expect(answer).toBeUndefined();
    clock.advance(1);
    await polled;
    expect(answer).toEqual([]);
  });

  test("messages of the client wait while it is paused, in order", () => {
    const { wire, heard } = open({ inboundQueue: 3 });
    wire.pause();
    expect([wire.take("1"), wire.take("2"), wire.take("3"), wire.take("4")]).toEqual([true, true, true, false]);
    expect(heard).toEqual([]);
    wire.resume();
    expect(heard).toEqual(["1", "2", "3"]);
    expect(wire.take("5")).toBe(false);
    wire.heard();
    expect(wire.take("5")).toBe(true);
  });

  test("nothing is received after a close, and it is told once", async () => {
    const { wire, heard, closed } = open();
    wire.pause();
    wire.take("1");
    wire.close(1_000, "over");
    wire.resume();
    wire.close(1_001);
    wire.destroy();
    await Promise.resolve();
    expect([heard, closed]).toEqual([[], [[1_000, "over"]]]);
  });

  test("a close waits five seconds for a poll, and then for none", async () => {
    const { wire, clock, closed, poll } = open();
    wire.send(["1"]);
    wire.close();
    wire.send(["2"]);
    clock.advance(4_999);
    await Promise.resolve();
    expect(closed).toEqual([]);
    clock.advance(1);
    await Promise.resolve();
    expect([closed, await poll(), clock.timers]).toEqual([[[1_000, ""]], 410, 0]);
  });

  test("a close answers the poll that is held, before it is told", async () => {
    const { wire, closed, poll, clock } = open();
    const order: string[] = [];
    const polled = poll().then((body) => order.push(`answered ${JSON.stringify(body)}`));
    wire.send(["1"]);
    wire.close();
    expect(closed).toEqual([]);
    await polled;
    expect([order, closed, clock.timers]).toEqual([["answered [1]"], [[1_000, ""]], 0]);
  });

  test("a destroyed wire loses what waits", async () => {
    const { wire, closed, poll, clock } = open();
    wire.send(["1"]);
    wire.destroy();
    expect(await poll()).toBe(410);
    expect([closed, clock.timers]).toEqual([[[1_006, ""]], 0]);
  });

  test("a client that leaves is gone when what it said is heard, and at once when all is", async () => {
    const { wire, closed, ended } = open();
    wire.take("1");
    wire.leave();
    await Promise.resolve();
    expect(closed).toEqual([]);
    wire.heard();
    await Promise.resolve();
    expect([closed, ended]).toEqual([[[1_000, ""]], [false]]);
  });

  test("whoever waits for it to be drained goes on when little waits, in a later turn", async () => {
    const { wire, clock, poll } = open({ pollQueue: 10 });
    let runs = 0;
    wire.whenDrained(() => (runs += 1));
    expect(runs).toBe(0);
    clock.advance(0);
    expect(runs).toBe(1);
    wire.send(["1", "2", "3", "4", "5", "6"]);
    wire.whenDrained(() => (runs += 1));
    clock.advance(0);
    expect(runs).toBe(1);
    await poll();
    clock.advance(0);
    expect(runs).toBe(2);
    wire.whenDrained(() => (runs += 1));
    wire.destroy();
    clock.advance(0);
    expect(runs).toBe(2);
  });
});
