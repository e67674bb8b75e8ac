import { expect, test } from "vitest";
import type { Frame } from "../../../src/index.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { Intake } from "../../../src/transports/websocket/intake.ts";
import type { MessageRate } from "../../../src/transports/pace.ts";
import { turn, until } from "../http/serve.ts";

/** An intake whose source says whether it would be read. */
class Taker {
  readonly clock = new ManualClock();
  readonly received: Frame[] = [];
  readonly intake: Intake;
  isReading = true;
  floods = 0;
  onReceive: (frame: Frame) => void = () => undefined;

  constructor(rate: MessageRate = { perSecond: 1_000, burst: 100_000 }) {
    this.intake = new Intake({
      clock: this.clock,
      rate,
      source: { pause: () => void (this.isReading = false), resume: () => void (this.isReading = true) },
      receive: (frame) => {
        this.received.push(frame);
        this.onReceive(frame);
      },
      flooded: () => void (this.floods += 1),
    });
  }

  take(count: number, frame: (n: number) => Frame = String): this {
    for (let n = 0; n < count; n += 1) this.intake.take(frame(n));
    return this;
  }
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, n) => String(n));

test("hands 64 frames on at once, and the rest in later turns and in order", async () => {
  const taker = new Taker().take(64);
  expect(taker.isReading).toBe(true);
  taker.intake.take("64");
  expect(taker.isReading).toBe(false);
  expect(taker.received).toEqual(numbers(64));
  await turn();
  expect(taker.received).toEqual(numbers(65));
  expect(taker.isReading).toBe(true);
});

test("hands no more than 64 on in each turn", async () => {
  const taker = new Taker().take(1_000);
  const counts = [taker.received.length];
  while (taker.received.length < 1_000) {
    await turn();
    counts.push(taker.received.length);
  }
  expect(Math.max(...counts.map((count, n) => count - (counts[n - 1] ?? 0)))).toBe(64);
  expect(taker.received).toEqual(numbers(1_000));
});

test("reads no more until the budget is back, and loses nothing", async () => {
  const taker = new Taker({ perSecond: 100, burst: 10 }).take(15);
  for (let turns = 0; turns < 5; turns += 1) await turn();
  expect(taker.received).toHaveLength(10);
  expect(taker.isReading).toBe(false);
  taker.clock.advance(49);
  expect(taker.received).toHaveLength(10);
  taker.clock.advance(1);
  await until(() => taker.isReading);
  expect(taker.received).toEqual(numbers(15));
});

test("stays paused for either reason", async () => {
  const taker = new Taker().take(65);
  taker.intake.pause();
  await turn();
  expect(taker.received).toHaveLength(64);
  taker.intake.resume();
  taker.intake.resume();
  expect(taker.isReading).toBe(false);
  await until(() => taker.isReading);
  expect(taker.received).toEqual(numbers(65));
  taker.intake.pause();
  expect(taker.isReading).toBe(false);
  taker.intake.resume();
  expect(taker.isReading).toBe(true);
});

test("hands nothing on between a pause and its end, nor in the middle of something", async () => {
  const taker = new Taker().take(100);
  taker.onReceive = (frame) => {
    if (frame !== "70") return;
    taker.intake.pause();
    queueMicrotask(() => expect(taker.received.at(-1)).toBe("70"));
  };
  await turn();
  await turn();
  expect(taker.received.at(-1)).toBe("70");
  taker.intake.resume();
  expect(taker.received.at(-1)).toBe("70");
  await until(() => taker.isReading);
  expect(taker.received).toEqual(numbers(100));
});

test.each<[string, number, number]>([
  ["16,384 frames", 16_384, 0],
  ["1 MiB", 64, 16_384],
])("keeps %s, and calls one more a flood", (_what, count, length) => {
  const taker = new Taker().take(64).take(count, () => "x".repeat(length));
  expect(taker.floods).toBe(0);
  taker.intake.take("one more");
  expect(taker.floods).toBe(1);
});

test("has room again when what was kept is handed on", async () => {
  const taker = new Taker();
  for (let round = 1; round <= 3; round += 1) {
    taker.take(64 + 64, () => "x".repeat(16_384));
    await until(() => taker.received.length === round * 128);
    await turn();
  }
  expect(taker.floods).toBe(0);
});

test("hands on what was read before the source ended, in turns, whatever the rate and a pause", async () => {
  const taker = new Taker({ perSecond: 1, burst: 1 }).take(200);
  taker.intake.pause();
  let isDone = false;
  taker.intake.finish(() => (isDone = true));
  expect(taker.received).toHaveLength(65);
  expect(isDone).toBe(false);
  await until(() => isDone);
  expect(taker.received).toEqual(numbers(200));
  expect(taker.clock.timers).toBe(0);
});

test("hands nothing on after its end", async () => {
  const taker = new Taker({ perSecond: 1, burst: 100 }).take(200);
  taker.onReceive = () => taker.intake.end();
  await turn();
  expect(taker.received).toHaveLength(65);
  taker.intake.take("late");
  let isDone = false;
  taker.intake.finish(() => (isDone = true));
  expect(isDone).toBe(true);
  expect(taker.received).toHaveLength(65);
  expect(taker.clock.timers).toBe(0);
});
