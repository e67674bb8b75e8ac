import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { FaultyBroker } from "./faulty-broker.ts";
import { world, type TestClient, type World, type WorldOptions } from "./support.ts";

interface Scene extends World {
  readonly broker: FaultyBroker;
  readonly ada: TestClient;
  /** What ada heard since the last time. */
  heard(): readonly unknown[];
  publish(...numbers: readonly number[]): void;
}

/** Ada is in "kept", in which an application publishes. */
function scene(options: Pick<WorldOptions, "limits"> & { readonly size?: number } = {}): Scene {
  const clock = new ManualClock();
  const broker = new FaultyBroker(clock);
  const { size = 10_000, ...rest } = options;
  const made = world({ broker, clock, channels: { kept: { history: { size, ttlMs: 600_000 } } }, ...rest });
  const ada = made.connected("ada");
  void ada.subscribe("kept");
  ada.heard();
  return {
    ...made,
    broker,
    ada,
    heard: () => ada.heard(),
    publish(...numbers) {
      for (const data of numbers) void made.engine.publish(made.engine.compose({ channel: "kept", event: "n", data }));
    },
  };
}

const lines = (...numbers: readonly number[]): readonly string[] => numbers.map((number) => `kept n ${number}`);

describe("a publication that comes again", () => {
  it("is dropped, and counted", () => {
    const { broker, engine, heard, publish } = scene();
    broker.fate = "comes twice";
    publish(1, 2);
    broker.repeat("kept", 1);
    expect(heard()).toEqual(lines(1, 2));
    expect(engine.stats()).toMatchObject({ duplicates: 3, delivered: 2 });
  });

  it("is no reason to read anything", () => {
    const { broker, publish } = scene();
    const reads = broker.readCount;
    broker.fate = "comes twice";
    publish(1, 2, 3);
    expect(broker.readCount).toBe(reads);
  });
});

describe("a publication that did not come", () => {
  it("is read when the next one comes, and told before it", () => {
    const { broker, engine, heard, publish } = scene();
    publish(1);
    broker.fate = "is lost";
    publish(2, 3);
    broker.fate = "arrives";
    publish(4);
    publish(5);
    expect(heard()).toEqual(lines(1, 2, 3, 4, 5));
    expect(engine.stats()).toMatchObject({ gaps: 0, delivered: 5 });
  });

  it("may have been overtaken: both come in their order, once", () => {
    const { broker, heard, publish } = scene();
    broker.fate = "waits";
    publish(1, 2, 3);
    broker.release([2, 0, 1]);
    expect(heard()).toEqual(lines(1, 2, 3));
  });

  it("is read once, however many come meanwhile", async () => {
    const { broker, heard, publish } = scene();
    broker.fate = "is lost";
    publish(1);
    broker.fate = "arrives";
    broker.reads = "later";
    const reads = broker.readCount;
    publish(2, 3, 4);
    expect(heard()).toEqual([]);
    await broker.finishReads();
    expect([heard(), broker.readCount - reads]).toEqual([lines(1, 2, 3, 4), 1]);
  });

  it("and is not kept any more, is a gap for everyone before anything newer", () => {
    const { broker, connected, engine, heard, publish } = scene({ size: 2 });
    const bob = connected("bob");
    void bob.subscribe("kept");
    bob.heard();
    publish(1);
    broker.fate = "is lost";
    publish(2, 3, 4);
    broker.fate = "arrives";
    publish(5);
    for (const told of [heard(), bob.heard()])
      expect(told).toEqual([...lines(1), "kept gap 1..4 expired", ...lines(5)]);
    expect(engine.stats()).toMatchObject({ gaps: 2 });
  });

  it("is a gap when there are more than may be replayed", () => {
    const { broker, heard, publish } = scene({ limits: { recoveredPublications: 3 } });
    broker.fate = "is lost";
    publish(1, 2, 3);
    broker.fate = "arrives";
    publish(4);
    // Three were missed, and the fourth is one of those that are read.
    expect(heard()).toEqual(["kept gap 0..3 too-much", ...lines(4)]);
    broker.fate = "is lost";
    publish(5, 6);
    broker.fate = "arrives";
    publish(7);
    expect(heard()).toEqual(lines(5, 6, 7));
  });

  it("is read again, once, when more came meanwhile than may wait", async () => {
    const { broker, heard, publish } = scene({ limits: { recoveredPublications: 3 } });
    broker.reads = "later, as it was";
    broker.fate = "is lost";
    publish(1);
    broker.fate = "arrives";
    const reads = broker.readCount;
    // The second begins to wait, and with the fifth there are four.
    publish(2, 3, 4, 5);
    await broker.finishReads();
    expect(heard()).toEqual(lines(1, 2));
    publish(6);
    await broker.finishReads();
    expect(heard()).toEqual(lines(3, 4, 5, 6));
    expect(broker.readCount - reads).toBe(2);
  });

  it("is a gap when more came than may wait a second time", async () => {
    const { broker, heard, publish } = scene({ limits: { recoveredPublications: 3 } });
    broker.reads = "later, as it was";
    broker.fate = "is lost";
    publish(1);
    broker.fate = "arrives";
    publish(2, 3, 4, 5);
    await broker.finishReads();
    publish(6, 7, 8, 9, 10);
    await broker.finishReads();
    expect(heard()).toEqual([...lines(1, 2), ...lines(3, 4, 5), "kept gap 5..9 too-much", ...lines(10)]);
  });

  it("waits for a broker that cannot be reached, which is reported and asked now and then", () => {
    const { application, broker, clock, heard, publish } = scene();
    broker.fate = "is lost";
    publish(1);
    broker.fate = "arrives";
    broker.reads = "never";
    const reads = broker.readCount;
    publish(2, 3);
    clock.advance(10_000);
    publish(4);
    expect(heard()).toEqual([]);
    expect(broker.readCount - reads).toBe(5);
    expect(application.failureCodes).toEqual(["broker-unavailable"]);
    broker.reads = "at once";
    clock.advance(2_500);
    expect(heard()).toEqual(lines(1, 2, 3, 4));
    publish(5);
    expect(heard()).toEqual(lines(5));
    broker.reads = "never";
    broker.interrupt(["kept"]);
    expect(application.failureCodes).toHaveLength(2);
  });

  it("is no gap when nothing was missing but what waited, although the history has it not any more", async () => {
    const { broker, heard, publish } = scene({ size: 1 });
    broker.reads = "later";
    broker.interrupt(["kept"]);
    publish(1, 2, 3);
    await broker.finishReads();
    expect(heard()).toEqual(lines(1, 2, 3));
  });

  it("is nobody's business any more when everyone has left meanwhile (R2)", async () => {
    const { ada, broker, engine, heard, publish } = scene();
    broker.fate = "is lost";
    publish(1);
    broker.fate = "arrives";
    broker.reads = "later";
    publish(2);
    ada.unsubscribe("kept");
    broker.reads = "at once";
    void ada.subscribe("kept");
    await broker.finishReads();
    publish(3);
    expect(heard()).toEqual(["subscribed kept @2", ...lines(3)]);
    expect(engine.stats()).toMatchObject({ gaps: 0, duplicates: 0 });
  });
});

describe("a history that was made anew", () => {
  it("is a gap before its first publication", () => {
    const { broker, heard, publish } = scene();
    publish(1, 2);
    broker.loseHistory();
    publish(3, 4);
    expect(heard()).toEqual([...lines(1, 2), "kept gap 2..0 reset", ...lines(3, 4)]);
  });

  it("is not taken for made anew again when something old is repeated", () => {
    const { broker, heard, publish } = scene();
    broker.fate = "waits";
    publish(1);
    broker.loseHistory();
    broker.fate = "arrives";
    publish(2);
    broker.release();
    publish(3);
    expect(heard()).toEqual(["kept gap 0..0 reset", ...lines(2, 3)]);
  });

  it("is a gap for a position with another tag, although epoch and offset are the same (R1)", () => {
    const { broker, engine, heard, publish } = scene();
    publish(1);
    const { top } = broker.peek("kept", { limit: 0 });
    // A broker that failed over wrote the offset again.
    const rewritten = {
      channel: "kept",
      event: "n",
      data: 2,
      id: "other",
      time: 0,
      position: { ...top, tag: "other" },
    };
    broker.loseHistory();
    broker.hand({ publication: rewritten, previous: { ...top, offset: 0, tag: "0" } });
    expect(heard()).toEqual([...lines(1), "kept gap 1..0 reset"]);
    expect(engine.stats()).toMatchObject({ gaps: 1, duplicates: 1 });
  });
});

describe("the tail check (R4)", () => {
  it.each([0, 1, 1_250, 2_499, 2_500, 4_999])(
    "finds within 5 s what was published last and never came, %i ms after something else did",
    (ms) => {
      const { broker, clock, heard, publish } = scene();
      clock.advance(ms);
      publish(1);
      clock.advance(7);
      broker.fate = "is lost";
      publish(2);
      expect(heard()).toEqual(lines(1));
      clock.advance(5_000);
      expect(heard()).toEqual(lines(2));
    },
  );

  it("finds it in every one of many channels", () => {
    const clock = new ManualClock();
    const broker = new FaultyBroker(clock);
    const { connected, engine } = world({ broker, clock, channels: { "*": { history: { size: 9, ttlMs: 600_000 } } } });
    const ada = connected("ada");
    const names = Array.from({ length: 100 }, (_, index) => `channel ${index}`);
    for (const name of names) void ada.subscribe(name);
    ada.heard();
    clock.advance(3_333);
    broker.fate = "is lost";
    for (const channel of names) void engine.publish(engine.compose({ channel, event: "n", data: 1 }));
    clock.advance(5_000);
    expect(new Set(ada.heard())).toEqual(new Set(names.map((name) => `${name} n 1`)));
  });

  it("reads a quiet channel once in 5 s, and a busy one not at all", () => {
    const { broker, clock, publish } = scene();
    clock.advance(5_000);
    let reads = broker.readCount;
    clock.advance(50_000);
    expect(broker.readCount - reads).toBe(10);
    publish(1);
    reads = broker.readCount;
    for (let count = 0; count < 50; count += 1) {
      publish(count);
      clock.advance(1_000);
    }
    expect(broker.readCount).toBe(reads);
  });

  it("goes in slices, so that many channels do not stand still the rest", () => {
    const clock = new ManualClock();
    const broker = new FaultyBroker(clock);
    const { connected } = world({ broker, clock, channels: { "*": { history: { size: 9, ttlMs: 600_000 } } } });
    const ada = connected("ada");
    for (let number = 0; number < 100; number += 1) void ada.subscribe(`channel ${number}`);
    clock.advance(5_000);
    for (let passed = 0; passed < 5_000; passed += 100) {
      const reads = broker.readCount;
      clock.advance(100);
      expect(broker.readCount - reads).toBeLessThanOrEqual(4);
    }
  });

  it("has a timer only while there is a channel with history", async () => {
    const { ada, clock, engine } = scene();
    void ada.subscribe("plain");
    expect(clock.timers).toBe(1);
    ada.unsubscribe("kept");
    expect(clock.timers).toBe(0);
    void ada.subscribe("kept");
    expect(clock.timers).toBe(1);
    await engine.close();
    expect(clock.timers).toBe(0);
  });

  it("tries again after a broker that could not be reached", () => {
    const { broker, clock, heard, publish } = scene();
    broker.fate = "is lost";
    publish(1);
    broker.reads = "never";
    clock.advance(20_000);
    broker.reads = "at once";
    clock.advance(5_000);
    expect(heard()).toEqual(lines(1));
  });

  it("looks twice before it takes a history for lost that seems to have gone back", async () => {
    const { broker, clock, heard, publish } = scene();
    publish(1, 2);
    heard();
    broker.lagsBehind = 1;
    clock.advance(5_000);
    broker.lagsBehind = 0;
    publish(3);
    expect(heard()).toEqual(lines(3));
  });
});

describe("a broker that was interrupted", () => {
  it("is asked at once what was missed", () => {
    const { broker, clock, heard, publish } = scene();
    broker.fate = "is lost";
    publish(1);
    broker.interrupt(["other", "kept"]);
    expect(heard()).toEqual(lines(1));
    publish(2);
    broker.interrupt();
    clock.advance(0);
    expect(heard()).toEqual(lines(2));
  });

  it("is asked again when it was being asked already", async () => {
    const { broker, heard, publish } = scene();
    broker.reads = "later";
    broker.interrupt(["kept"]);
    const reads = broker.readCount;
    broker.interrupt(["kept"]);
    await broker.finishReads();
    broker.fate = "is lost";
    publish(1);
    expect(broker.readCount - reads).toBe(1);
    await broker.finishReads();
    expect(heard()).toEqual(lines(1));
  });

  it("is no reason to ask for channels without history", () => {
    const { ada, broker, clock } = scene();
    ada.unsubscribe("kept");
    void ada.subscribe("plain");
    const reads = broker.readCount;
    broker.interrupt();
    broker.interrupt(["plain"]);
    clock.advance(10_000);
    expect(broker.readCount).toBe(reads);
  });
});

describe("the server's own listeners", () => {
  it("hear what was missed as well, in order and once", async () => {
    const { broker, engine, publish } = scene();
    const heard: unknown[] = [];
    const stop = await engine.listen("kept", ({ data }) => heard.push(data));
    broker.fate = "is lost";
    publish(1);
    broker.fate = "comes twice";
    publish(2, 3);
    expect(heard).toEqual([1, 2, 3]);
    stop();
  });

  it("may publish in turn without changing anyone's order", async () => {
    const { broker, engine, heard, publish } = scene();
    const stop = await engine.listen("kept", ({ data }) => {
      if (typeof data === "number" && data < 10) publish(data + 10);
    });
    broker.fate = "is lost";
    publish(1);
    broker.fate = "arrives";
    publish(2);
    expect(heard()).toEqual(lines(1, 2, 11, 12));
    stop();
  });
});
