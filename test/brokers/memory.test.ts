import fc from "../properties.ts";
import { describe, expect, it } from "vitest";
import { memoryBroker } from "../../src/brokers/memory.ts";
import { Streams } from "../../src/brokers/memory/streams.ts";
import type { Accepted, Broker, HistoryPage, HistoryPolicy, HistoryRange } from "../../src/engine/ports/broker.ts";
import type { Publication } from "../../src/engine/publication.ts";
import { systemRandom } from "../../src/platform/random.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";

const minuteMs = 60_000;
const ample: HistoryPolicy = { size: 1_000, ttlMs: 10 * minuteMs };

interface Started {
  readonly broker: Broker;
  readonly clock: ManualClock;
  readonly heard: Publication[];
  publish(number: number, history?: HistoryPolicy): Accepted;
  once(id: string, channel?: string): Accepted;
  read(range?: Partial<HistoryRange>): HistoryPage;
}

function started(): Started {
  const clock = new ManualClock();
  const broker = memoryBroker({ clock });
  const heard: Publication[] = [];
  const publication = (id: string, channel = "a"): Publication => ({ channel, event: "e", data: id, id, time: 0 });
  // It starts at once; a promise is only what the port asks for.
  void broker.start({
    publication: (each) => void heard.push(each),
    signal: () => undefined,
    interrupted: () => undefined,
  });
  return {
    broker,
    clock,
    heard,
    publish: (number, history = ample) => atOnce(broker.publish(publication(String(number)), { history })),
    once: (id, channel) => atOnce(broker.publish(publication(id, channel), { once: true })),
    read: (range = {}) => atOnce(broker.read("a", { limit: 10_000, ...range })),
  };
}

function atOnce<Result>(result: Result | Promise<Result>): Result {
  if (result instanceof Promise) throw new Error("the memory broker finishes everything at once");
  return result;
}

const idsOf = ({ publications }: HistoryPage): readonly string[] => publications.map(({ id }) => id);

describe("the state that the memory broker keeps", () => {
  const policy = { keys: 10, bytes: 100, ttlMs: minuteMs, size: 1 };
  const write = ({ broker }: Started, stateKey: string, data?: unknown): Accepted =>
    atOnce(broker.publish({ channel: "a", event: "e", data, id: stateKey, time: 0, stateKey }, { state: policy }));

  it("takes no memory and no timer when it is too old, removed or forgotten", () => {
    const one = started();
    write(one, "k", 1);
    one.clock.advance(minuteMs);
    expect([one.clock.timers, atOnce(one.broker.state("a"))]).toMatchObject([1, [{ id: "k" }]]);
    one.clock.advance(minuteMs);
    expect([one.clock.timers, atOnce(one.broker.state("a"))]).toEqual([0, []]);
    write(one, "k", 1);
    write(one, "k");
    one.clock.advance(minuteMs);
    expect(one.clock.timers).toBe(0);
    write(one, "k", 1);
    void one.broker.clearState("a");
    one.clock.advance(minuteMs);
    expect(one.clock.timers).toBe(0);
  });

  it("is gone when the broker is closed", async () => {
    const one = started();
    write(one, "k", 1);
    await one.broker.close();
    expect(one.clock.timers).toBe(0);
    void one.broker.start({ publication: () => undefined, signal: () => undefined, interrupted: () => undefined });
    expect(atOnce(one.broker.state("a"))).toEqual([]);
  });
});

describe("what the memory broker keeps", () => {
  it("is kept up to its last millisecond, and not for one longer", () => {
    const { clock, publish, read } = started();
    publish(1, { size: 10, ttlMs: 1_000 });
    clock.advance(400);
    publish(2, { size: 10, ttlMs: 1_000 });
    clock.advance(600);
    expect(idsOf(read())).toEqual(["1", "2"]);
    clock.advance(1);
    expect(idsOf(read())).toEqual(["2"]);
    clock.advance(400);
    expect(idsOf(read())).toEqual([]);
    expect(read().top.offset).toBe(2);
  });

  it("is not kept longer by a wall clock that is set back, nor shorter by one that is set forward", () => {
    const { clock, publish, read } = started();
    publish(1, { size: 10, ttlMs: 1_000 });
    clock.setWall(clock.wall() + 3_600_000);
    expect(idsOf(read())).toEqual(["1"]);
    clock.setWall(0);
    clock.advance(1_001);
    expect(idsOf(read())).toEqual([]);
  });

  it("is as much as the size says, however much comes", () => {
    const { publish, read } = started();
    for (let number = 1; number <= 5_000; number += 1) publish(number, { size: 3, ttlMs: minuteMs });
    expect(idsOf(read())).toEqual(["4998", "4999", "5000"]);
    expect(read().top.offset).toBe(5_000);
  });

  it("is what a plain list would keep, and is covered when nothing is missing in between", () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constant({ kind: "publish" as const }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat({ max: 40 }) }) },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constantFrom("after" as const, "before" as const, "newest" as const),
          at: fc.nat({ max: 60 }),
          limit: fc.nat({ max: 6 }),
          lies: fc.boolean(),
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 1, max: 8 }), (steps, size) => {
        const { clock, publish, read } = started();
        const all: { readonly id: string; readonly at: number }[] = [];
        const positions = [read().top];
        const isKept = (offset: number): boolean =>
          offset >= 1 && offset > all.length - size && all.slice(offset - 1).every(({ at }) => clock.now() - at <= 100);
        for (const each of steps) {
          if (each.kind === "publish") {
            all.push({ id: String(all.length + 1), at: clock.now() });
            const { position } = publish(all.length, { size, ttlMs: 100 });
            // The stream was made by its first publication, so that the position before it is known from then on.
            positions[0] = { epoch: position!.epoch, offset: 0, tag: "0" };
            positions.push(position!);
          } else if (each.kind === "wait") clock.advance(each.ms);
          else {
            const offset = each.at % positions.length;
            const position = { ...positions[offset]!, ...(each.lies && { tag: "lie" }) };
            const page = read({ limit: each.limit, ...(each.kind !== "newest" && { [each.kind]: position }) });
            const from = each.kind === "after" ? offset : 0;
            const to = each.kind === "before" ? offset - 1 : all.length;
            const kept = all.map(({ id }, index) => ({ id, offset: index + 1 })).filter((one) => isKept(one.offset));
            const wanted = kept.filter((one) => one.offset > from && one.offset <= to);
            const isFirst = kept.some((one) => one.offset === offset + 1) || offset === all.length;
            const isThere = each.kind === "after" || offset <= 1 || isKept(offset - 1);
            const isCovered = each.kind === "newest" || (!each.lies && isFirst && isThere);
            expect(page.isCovered).toBe(isCovered);
            expect(page.top.offset).toBe(all.length);
            if (!isCovered) continue;
            const chosen = each.kind === "after" ? wanted.slice(0, each.limit) : wanted.slice(-each.limit || Infinity);
            expect(idsOf(page)).toEqual(chosen.map(({ id }) => id));
            expect(page.publications.map((one) => one.position)).toEqual(chosen.map((one) => positions[one.offset]));
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("how long the memory broker remembers a stream", () => {
  it("goes on in its epoch for ten minutes after the last use", () => {
    const { clock, publish, read } = started();
    const first = publish(1, { size: 1, ttlMs: 1 }).position!;
    clock.advance(10 * minuteMs);
    expect(publish(2, { size: 1, ttlMs: 1 }).position).toMatchObject({ epoch: first.epoch, offset: 2 });
    clock.advance(10 * minuteMs);
    expect(read().top).toMatchObject({ epoch: first.epoch, offset: 2 });
  });

  it("begins another epoch when it was forgotten, and covers nothing of the one before", () => {
    const { clock, publish, read } = started();
    const first = publish(1, { size: 1, ttlMs: 1 }).position!;
    clock.advance(13 * minuteMs);
    const second = publish(2).position!;
    expect(second.offset).toBe(1);
    expect(second.epoch).not.toBe(first.epoch);
    expect(read({ after: first })).toMatchObject({ isCovered: false, top: second });
  });

  it("remembers it as long as it keeps something", () => {
    const { clock, publish } = started();
    const first = publish(1, { size: 1, ttlMs: 60 * minuteMs }).position!;
    clock.advance(69 * minuteMs);
    expect(publish(2).position).toMatchObject({ epoch: first.epoch, offset: 2 });
  });

  it("remembers it as long as someone is subscribed", () => {
    const { broker, clock, publish } = started();
    void broker.subscribe("a");
    const first = publish(1, { size: 1, ttlMs: 1 }).position!;
    clock.advance(1_000 * minuteMs);
    expect(publish(2, { size: 1, ttlMs: 1 }).position).toMatchObject({ epoch: first.epoch, offset: 2 });
    void broker.unsubscribe("a");
    clock.advance(10 * minuteMs);
    expect(publish(3).position).toMatchObject({ epoch: first.epoch, offset: 3 });
  });

  it("tells the same epoch to whoever is there before the first publication, whatever is forgotten meanwhile", () => {
    const { broker, clock, publish, read } = started();
    void broker.publish({ channel: "b", event: "e", data: 1, id: "1", time: 0 }, { history: { size: 1, ttlMs: 1 } });
    void broker.subscribe("a");
    const { top } = read();
    clock.advance(30 * minuteMs);
    expect(publish(1).position).toMatchObject({ epoch: top.epoch, offset: 1 });
    expect(read({ after: top })).toMatchObject({ isCovered: true });
  });

  it("does not change the epoch when a stream without publications is left", () => {
    const { broker, publish, read } = started();
    void broker.subscribe("a");
    const { top } = read();
    void broker.unsubscribe("a");
    expect(read().top).toEqual(top);
    expect(publish(1).position).toMatchObject({ epoch: top.epoch, offset: 1 });
  });

  it("takes no memory for names that were only subscribed to, asked for and left", () => {
    const subscribed = new Set<string>();
    const streams = new Streams(new ManualClock(), systemRandom, subscribed);
    for (let number = 0; number < 1_000; number += 1) {
      streams.read(`other ${number}`, { limit: 0 });
      subscribed.add(`name ${number}`);
      streams.read(`name ${number}`, { limit: 0 });
    }
    expect(streams.size).toBe(1_000);
    for (const name of subscribed) {
      subscribed.delete(name);
      streams.left(name);
    }
    expect(streams.size).toBe(0);
  });

  it("says another epoch in every process", () => {
    const epochs = Array.from({ length: 100 }, () => started().read().top.epoch);
    expect(new Set(epochs).size).toBe(100);
  });
});

describe("how long the memory broker remembers an id", () => {
  it("is five minutes, and not a millisecond longer", () => {
    const { clock, once, heard, broker } = started();
    void broker.subscribe("a");
    expect(once("x")).toEqual({});
    clock.advance(5 * minuteMs);
    expect(once("x")).toEqual({ isRepeat: true });
    clock.advance(1);
    expect(once("x")).toEqual({});
    expect(heard).toHaveLength(2);
    // It counts from the publication, and a repeat makes it no longer.
    clock.advance(5 * minuteMs + 1);
    expect(once("x")).toEqual({});
  });

  it("is for 100,000 ids of a channel, the oldest of which goes for one more (L19)", () => {
    const { once } = started();
    for (let number = 1; number <= 100_000; number += 1) once(String(number));
    once("1", "another channel");
    expect(once("1").isRepeat).toBe(true);
    expect(once("100001").isRepeat).toBeUndefined();
    expect(once("2").isRepeat).toBe(true);
    expect(once("1").isRepeat).toBeUndefined();
    expect(once("1", "another channel").isRepeat).toBe(true);
  });

  it("begins before it is handed out, so that whoever hears it cannot publish it again", async () => {
    const broker = memoryBroker();
    const heard: Publication[] = [];
    await broker.start({
      publication(publication) {
        heard.push(publication);
        if (heard.length < 10) void broker.publish(publication, { once: true });
      },
      signal: () => undefined,
      interrupted: () => undefined,
    });
    await broker.subscribe("a");
    await broker.publish({ channel: "a", event: "e", data: 1, id: "x", time: 0 }, { once: true });
    expect(heard).toHaveLength(1);
    await broker.close();
  });
});

describe("the timer of the memory broker", () => {
  it("is there only while something is remembered that will be forgotten", () => {
    const { broker, clock, publish, once } = started();
    void broker.subscribe("a");
    void broker.publish({ channel: "a", event: "e", data: 1, id: "1", time: 0 });
    expect(clock.timers).toBe(0);
    once("x");
    once("y");
    expect(clock.timers).toBe(1);
    clock.advance(7 * minuteMs);
    expect(clock.timers).toBe(0);
    publish(1, { size: 1, ttlMs: 1 });
    void broker.unsubscribe("a");
    expect(clock.timers).toBe(1);
    clock.advance(13 * minuteMs);
    expect(clock.timers).toBe(0);
  });

  it("ends with the broker", async () => {
    const { broker, clock, publish } = started();
    publish(1);
    expect(clock.timers).toBe(1);
    await broker.close();
    expect(clock.timers).toBe(0);
  });
});
