import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { Inbox, type Receipt } from "../../../src/transports/http/inbox.ts";
import type { MessageRate } from "../../../src/transports/pace.ts";
import { turn } from "./serve.ts";

class Taker {
  readonly clock = new ManualClock();
  readonly received: string[] = [];
  readonly receipts = new Map<string, Receipt>();
  readonly inbox: Inbox;
  onReceive: (frame: string) => void = () => undefined;

  constructor(maxBytes = 1_000, rate: MessageRate = { perSecond: Infinity, burst: Infinity }) {
    const receive = (frame: unknown): void => {
      this.received.push(frame as string);
      this.onReceive(frame as string);
    };
    this.inbox = new Inbox({ clock: this.clock, maxBytes, rate, receive });
  }

  /** @param name what its receipt is found by */
  take(number: number, frame: string, name = frame): this {
    this.inbox.take(number, frame, (receipt) => {
      expect(this.receipts.has(name), `${name} is settled once`).toBe(false);
      this.receipts.set(name, receipt);
    });
    return this;
  }
}

describe("an inbox", () => {
  test("puts frames into their order, each once", () => {
    const taker = new Taker().take(3, "c").take(2, "b");
    expect(taker.received).toEqual([]);
    expect(taker.receipts.size).toBe(0);
    taker.take(1, "a").take(1, "a", "again");
    expect(taker.received).toEqual(["a", "b", "c"]);
    expect([...taker.receipts.values()]).toEqual(["received", "received", "received", "received"]);
    expect(taker.clock.timers).toBe(0);
  });

  test("settles the older of two that wait in one place", () => {
    const taker = new Taker().take(2, "b").take(2, "b", "again");
    expect(taker.receipts).toEqual(new Map([["b", "conflict"]]));
    taker.take(1, "a");
    expect(taker.receipts.get("again")).toBe("received");
    expect(taker.received).toEqual(["a", "b"]);
  });

  test("gives a gap 5 s from the moment it was seen, whatever comes behind it", () => {
    const taker = new Taker().take(2, "b");
    taker.clock.advance(3_000);
    taker.take(3, "c");
    taker.clock.advance(1_999);
    expect(taker.receipts.size).toBe(0);
    taker.clock.advance(1);
    expect([...taker.receipts]).toEqual([
      ["b", "conflict"],
      ["c", "conflict"],
    ]);
    taker.take(1, "a").take(2, "b", "b again").take(3, "c", "c again");
    expect(taker.received).toEqual(["a", "b", "c"]);
    expect(taker.clock.timers).toBe(0);
  });

  test("gives the next gap its own time", () => {
    const taker = new Taker().take(2, "b").take(4, "d");
    taker.clock.advance(4_000);
    taker.take(1, "a");
    expect(taker.received).toEqual(["a", "b"]);
    taker.clock.advance(4_999);
    expect(taker.receipts.has("d")).toBe(false);
    taker.clock.advance(1);
    expect(taker.receipts.get("d")).toBe("conflict");
  });

  test("lets a frame be 64 ahead, not 65", () => {
    const taker = new Taker().take(65, "64 ahead").take(66, "65 ahead");
    expect([...taker.receipts]).toEqual([["65 ahead", "conflict"]]);
  });

  test("lets so many bytes wait and no more, except for the one that is due", () => {
    const taker = new Taker(10).take(2, "x".repeat(10), "full").take(3, "y");
    expect([...taker.receipts]).toEqual([["y", "conflict"]]);
    taker.take(2, "x".repeat(11), "more than full");
    expect(taker.receipts.get("full")).toBe("conflict");
    expect(taker.receipts.get("more than full")).toBe("conflict");
    taker.inbox.pause();
    taker.take(1, "z".repeat(11), "due");
    expect(taker.receipts.has("due")).toBe(false);
  });

  test("receives nothing while it is paused, without a deadline", async () => {
    const taker = new Taker();
    taker.onReceive = () => taker.inbox.pause();
    taker.take(1, "a").take(2, "b").take(3, "c");
    expect(taker.received).toEqual(["a"]);
    taker.clock.advance(60_000);
    expect(taker.receipts.size).toBe(1);
    taker.inbox.resume();
    expect(taker.received, "not before whoever resumed is done").toEqual(["a"]);
    await Promise.resolve();
    expect(taker.received).toEqual(["a", "b"]);
    expect(taker.clock.timers).toBe(0);
  });

  test("lets 1,024 frames wait behind the one that is due, and not one more", () => {
    const taker = new Taker(100_000);
    taker.inbox.pause();
    for (let number = 1; number <= 1_025; number += 1) taker.take(number, "x", String(number));
    expect(taker.receipts.size).toBe(0);
    taker.take(1_026, "x", "1026");
    expect(taker.receipts).toEqual(new Map([["1026", "conflict"]]));
  });

  test("that has ended settles what waits, and what was received before stays received", () => {
    const taker = new Taker().take(1, "a").take(3, "c");
    taker.inbox.end();
    taker.take(2, "b").take(1, "a", "again");
    expect(Object.fromEntries(taker.receipts)).toEqual({ a: "received", c: "closed", b: "closed", again: "received" });
    expect(taker.received).toEqual(["a"]);
    expect(taker.clock.timers).toBe(0);
  });

  test("that is ended by a frame has received that frame", () => {
    const taker = new Taker().take(2, "b");
    taker.onReceive = () => taker.inbox.end();
    taker.take(1, "a");
    expect(Object.fromEntries(taker.receipts)).toEqual({ a: "received", b: "closed" });
    expect(taker.received).toEqual(["a"]);
  });

  test("does not mind frames that come while it hands one on", () => {
    const taker = new Taker();
    taker.onReceive = (frame) => {
      if (frame === "a") taker.take(3, "c").take(2, "b");
    };
    taker.take(1, "a");
    expect(taker.received).toEqual(["a", "b", "c"]);
  });
});

test("an inbox lets frames wait for their budget, which is no gap", async () => {
  const taker = new Taker(1_000, { perSecond: 1, burst: 2 }).take(1, "a").take(2, "b").take(3, "c").take(4, "d");
  expect(taker.received).toEqual(["a", "b"]);
  taker.clock.advance(1_000);
  await turn();
  expect(taker.received).toEqual(["a", "b", "c"]);
  expect([...taker.receipts]).toEqual([
    ["a", "received"],
    ["b", "received"],
    ["c", "received"],
  ]);
  taker.clock.advance(1_000);
  await turn();
  expect(taker.receipts.get("d")).toBe("received");
  taker.take(5, "e").inbox.end();
  expect(taker.receipts.get("e")).toBe("closed");
  expect(taker.clock.timers).toBe(0);
});
