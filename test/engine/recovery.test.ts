import { describe, expect, it } from "vitest";
import type { Position } from "../../src/engine/publication.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { FaultyBroker } from "./faulty-broker.ts";
import {
  codeOf,
  nothingLeft,
  PendingBroker,
  turn,
  world,
  type TestClient,
  type World,
  type WorldOptions,
} from "./support.ts";

const channels = {
  "kept*": { history: { size: 1_000, ttlMs: 60_000 }, publish: "anyone" as const },
  "short*": { history: { size: 3, ttlMs: 60_000 }, publish: "anyone" as const },
  "*": { publish: "anyone" as const },
};

interface Scene extends World {
  readonly broker: FaultyBroker;
  readonly ada: TestClient;
  readonly bob: TestClient;
  /** Publishes these, one after another, in `channel`; gives the last one's position. */
  publish(numbers: readonly number[], channel?: string): Position;
}

function scene(options: Pick<WorldOptions, "limits"> = {}): Scene {
  const clock = new ManualClock();
  const broker = new FaultyBroker(clock);
  const made = world({ broker, clock, channels, ...options });
  const [ada, bob] = [made.connected("ada"), made.connected("bob")];
  return {
    ...made,
    broker,
    ada,
    bob,
    publish(numbers, channel = "kept") {
      let position: Position | undefined;
      for (const number of numbers) {
        const published = ada.publish(channel, "n", number);
        if (published instanceof Promise) throw new Error("this broker publishes at once");
        position = published.position;
      }
      return position!;
    },
  };
}

const lines = (numbers: readonly number[], channel = "kept"): readonly string[] =>
  numbers.map((number) => `${channel} n ${number}`);
const upTo = (last: number, first = 1): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe("subscribing to a channel with history", () => {
  it("says where the history stands, and what comes after follows", () => {
    const { bob, publish } = scene();
    publish([1, 2]);
    void bob.subscribe("kept");
    publish([3]);
    expect(bob.heard()).toEqual(["subscribed kept @2", "kept n 3"]);
  });

  it("says the position 0 before anything was published", () => {
    const { bob } = scene();
    void bob.subscribe("kept");
    expect(bob.heard()).toEqual(["subscribed kept @0"]);
  });

  it("is the same for the server's own subscribing", async () => {
    const { bob, publish } = scene();
    publish([1, 2]);
    const delivered: unknown[] = [];
    const { encoder } = bob.connection;
    Object.assign(bob.connection, {
      encoder: { encode: (d: unknown) => (delivered.push(d), encoder.encode(d as never)) },
    });
    await bob.connection.subscribe("kept");
    expect(delivered).toMatchObject([{ kind: "subscribed", channel: "kept", position: { offset: 2 } }]);
  });

  it("fails when its history cannot be read, leaves nothing behind, and the next one tries afresh", async () => {
    const { engine, application, broker, bob } = scene();
    broker.reads = "never";
    expect(await codeOf(() => bob.subscribe("kept"))).toBe("broker-unavailable");
    expect(engine.stats()).toMatchObject({ channels: 0, subscriptions: 0 });
    expect(application.failureCodes).toEqual(["broker-unavailable"]);
    broker.reads = "later";
    const failing = codeOf(() => bob.subscribe("kept"));
    await broker.finishReads(false);
    expect(await failing).toBe("broker-unavailable");
    expect(engine.stats()).toMatchObject({ channels: 0, subscriptions: 0 });
    broker.reads = "at once";
    void bob.subscribe("kept");
    expect(bob.heard()).toEqual(["subscribed kept @0"]);
  });

  it("subscribes at the broker first, and reads then, so that nothing falls in between (R3)", async () => {
    const broker = new PendingBroker();
    const { connected } = world({ broker, channels });
    const bob = connected("bob");
    void bob.subscribe("kept");
    expect(broker.pending).toEqual(["subscribe kept"]);
    await broker.finish();
    expect(broker.pending).toEqual(["read kept"]);
    expect(bob.heard()).toEqual([]);
    await broker.finish();
    expect(bob.heard()).toEqual(["subscribed kept @0"]);
  });
});

describe("subscribing with since", () => {
  it("brings everything that was missed, in order, and then what is new", () => {
    const { engine, bob, publish } = scene();
    const since = publish([1, 2]);
    publish([3, 4, 5]);
    void bob.subscribe("kept", since);
    publish([6]);
    expect(bob.heard()).toEqual(["subscribed kept @5 recovered", ...lines([3, 4, 5, 6])]);
    expect(engine.stats()).toMatchObject({ recovered: 3, gaps: 0 });
  });

  it("brings nothing when nothing was missed, and asks nobody for it", () => {
    const { ada, bob, broker, publish } = scene();
    void ada.subscribe("kept");
    const since = publish([1, 2]);
    const reads = broker.readCount;
    void bob.subscribe("kept", since);
    expect(bob.heard()).toEqual(["subscribed kept @2 recovered"]);
    expect(broker.readCount).toBe(reads);
  });

  it("brings everything since the beginning for the position 0", () => {
    const { bob, broker, publish } = scene();
    void bob.subscribe("kept");
    const { top } = broker.peek("kept", { limit: 0 });
    publish([1, 2]);
    bob.unsubscribe("kept");
    bob.heard();
    void bob.subscribe("kept", top);
    expect(bob.heard()).toEqual(["subscribed kept @2 recovered", ...lines([1, 2])]);
  });

  it("leaves out what the client published itself and did not want to hear", () => {
    const { bob, publish } = scene();
    const since = publish([1]);
    void bob.publish("kept", "own", 0, { echo: false });
    publish([2]);
    void bob.subscribe("kept", since);
    expect(bob.heard()).toEqual(["subscribed kept @3 recovered", "kept n 2"]);
  });

  it("is told a gap when what it missed is not kept any more", () => {
    const { engine, bob, publish } = scene();
    const since = publish([1, 2], "short");
    publish([3, 4, 5, 6], "short");
    void bob.subscribe("short", since);
    publish([7], "short");
    expect(bob.heard()).toEqual(["subscribed short @6 not recovered", "short gap 2..6 expired", "short n 7"]);
    expect(engine.stats()).toMatchObject({ recovered: 0, gaps: 1 });
  });

  it("brings everything when all that was missed is just still kept", () => {
    const { bob, publish } = scene();
    const since = publish([1, 2], "short");
    publish([3, 4, 5], "short");
    void bob.subscribe("short", since);
    expect(bob.heard()).toEqual(["subscribed short @5 recovered", ...lines([3, 4, 5], "short")]);
  });

  const foreign: Readonly<Record<string, (since: Position) => Position>> = {
    "of another epoch": (since) => ({ ...since, epoch: "other" }),
    "with another tag": (since) => ({ ...since, tag: "other" }),
    "beyond the top": (since) => ({ ...since, offset: 99 }),
  };
  it.each(Object.entries(foreign))("is told a gap for a position %s", (_, change) => {
    const { bob, publish } = scene();
    const since = change(publish([1]));
    publish([2, 3]);
    void bob.subscribe("kept", since);
    publish([4]);
    expect(bob.heard()).toEqual(["subscribed kept @3 not recovered", `kept gap ${since.offset}..3 reset`, "kept n 4"]);
  });

  it("is told a gap for the top with another tag", () => {
    const { bob, publish } = scene();
    const since = publish([1, 2]);
    void bob.subscribe("kept", { ...since, tag: "other" });
    expect(bob.heard()).toEqual(["subscribed kept @2 not recovered", "kept gap 2..2 reset"]);
  });

  it("is told a gap without a beginning for what is no position", () => {
    const { bob, publish } = scene();
    publish([1, 2]);
    void bob.subscribe("kept", "unknown");
    expect(bob.heard()).toEqual(["subscribed kept @2 not recovered", "kept gap ?..2 reset"]);
  });

  it("is told by the answer alone where no history is kept", () => {
    const { engine, bob, publish } = scene();
    const since = publish([1]);
    void bob.subscribe("plain", since);
    publish([2], "plain");
    expect(bob.heard()).toEqual(["subscribed plain not recovered", "plain n 2"]);
    expect(engine.stats()).toMatchObject({ gaps: 0 });
  });
});

describe("how much is replayed (L18)", () => {
  it("is 300 publications", () => {
    const { bob, publish } = scene();
    const since = publish([0]);
    publish(upTo(300));
    void bob.subscribe("kept", since);
    expect(bob.heard()).toEqual(["subscribed kept @301 recovered", ...lines(upTo(300))]);
  });

  it("is nothing of 301 publications: never a part", () => {
    const { bob, publish } = scene();
    const since = publish([0]);
    publish(upTo(301));
    void bob.subscribe("kept", since);
    expect(bob.heard()).toEqual(["subscribed kept @302 not recovered", "kept gap 1..302 too-much"]);
  });

  it.each([
    ["just fits", 0, true],
    ["is one byte too long", 1, false],
  ])("is 1 MiB of payloads: what %s", (_, more, recovered) => {
    const { ada, bob, publish } = scene();
    const since = publish([0]);
    for (const length of [524_288 - 2, 524_288 - 2 + more]) void ada.publish("kept", "long", "x".repeat(length));
    void bob.subscribe("kept", since);
    expect(bob.heard()[0]).toBe(`subscribed kept @3 ${recovered ? "recovered" : "not recovered"}`);
  });

  it("is what the limits say", () => {
    const { bob, publish } = scene({ limits: { recoveredPublications: 2 } });
    const since = publish([0]);
    publish([1, 2]);
    void bob.subscribe("kept", since);
    bob.unsubscribe("kept");
    publish([3]);
    void bob.subscribe("kept", since);
    expect(bob.heard()).toEqual([
      "subscribed kept @3 recovered",
      ...lines([1, 2]),
      "subscribed kept @4 not recovered",
      "kept gap 1..4 too-much",
    ]);
  });
});

describe("what is published while a subscriber is being told what it missed", () => {
  it("comes once, whether it was read or held", async () => {
    const { ada, bob, broker, publish } = scene();
    void ada.subscribe("kept");
    const since = publish([1]);
    publish([2]);
    broker.reads = "later";
    const subscribing = bob.subscribe("kept", since);
    publish([3]);
    await broker.finishReads();
    await subscribing;
    publish([4]);
    expect(bob.heard()).toEqual(["subscribed kept @3 recovered", ...lines([2, 3, 4])]);
  });

  it("is held on a wire that takes its time, and holds up nobody else (L9)", () => {
    const { ada, bob, publish } = scene();
    void ada.subscribe("kept");
    const since = publish([0]);
    for (let count = 0; count < 4; count += 1) void ada.publish("kept", "long", "x".repeat(131_072));
    ada.heard();
    void bob.subscribe("kept", since);
    // Two of them are more than 256 KiB with their words around them.
    expect(bob.heard()).toHaveLength(1 + 2);
    publish([1]);
    expect(ada.heard()).toEqual(["kept n 1"]);
    expect(bob.heard()).toEqual([]);
    bob.wire.drain();
    expect(bob.heard()).toHaveLength(2);
    bob.wire.drain();
    expect(bob.heard()).toEqual(["kept n 1"]);
    publish([2]);
    expect(bob.heard()).toEqual(["kept n 2"]);
  });

  it("is held up to the limit, and closes the client that reads too slowly beyond it", () => {
    const { engine, ada, bob, publish } = scene({ limits: { heldDeliveries: 3 } });
    const since = publish([0]);
    for (let count = 0; count < 3; count += 1) void ada.publish("kept", "long", "x".repeat(262_144));
    void bob.subscribe("kept", since);
    publish([1, 2, 3]);
    expect(bob.wire.isOpen).toBe(true);
    publish([4]);
    expect(bob.wire.closing).toMatchObject({ code: 4508 });
    bob.wire.drain();
    expect(engine.stats()).toMatchObject({ connections: 1, subscriptions: 0, slow: 1 });
  });

  it("stops when the client leaves in the middle", () => {
    const { engine, ada, bob, publish } = scene();
    const since = publish([0]);
    for (let count = 0; count < 3; count += 1) void ada.publish("kept", "long", "x".repeat(262_144));
    void bob.subscribe("kept", since);
    bob.heard();
    bob.unsubscribe("kept");
    bob.wire.drain();
    publish([1]);
    expect(bob.heard()).toEqual([]);
    expect(engine.stats()).toMatchObject({ channels: 0, subscriptions: 0 });
  });
});

describe("a subscription that ends before it was read what was missed", () => {
  it.each<[string, (bob: TestClient) => void]>([
    ["by unsubscribing", (bob) => bob.unsubscribe("kept")],
    ["with its connection", (bob) => bob.wire.hangUp()],
  ])("%s hears nothing, and leaves nothing behind (R2)", async (_, end) => {
    const { engine, ada, bob, broker, publish } = scene();
    void ada.subscribe("kept");
    const since = publish([1]);
    publish([2]);
    broker.reads = "later";
    const code = codeOf(() => bob.subscribe("kept", since));
    end(bob);
    await broker.finishReads();
    expect(await code).toBe("closed");
    publish([3]);
    expect(bob.heard()).toEqual([]);
    ada.wire.hangUp();
    bob.wire.hangUp();
    expect(engine.stats()).toMatchObject(nothingLeft);
  });

  it("may be followed by another one at once", async () => {
    const { ada, bob, broker, publish } = scene();
    void ada.subscribe("kept");
    const since = publish([1]);
    publish([2]);
    broker.reads = "later";
    const first = codeOf(() => bob.subscribe("kept", since));
    bob.unsubscribe("kept");
    const second = bob.subscribe("kept", since);
    await broker.finishReads();
    expect(await first).toBe("closed");
    await second;
    publish([3]);
    expect(bob.heard()).toEqual(["subscribed kept @2 recovered", ...lines([2, 3])]);
  });
});

describe("a client that comes from a node that was faster", () => {
  it("does not hear again what it has, and the others hear what their node missed", () => {
    const { ada, bob, broker, publish } = scene();
    void ada.subscribe("kept");
    publish([1]);
    broker.fate = "is lost";
    const since = publish([2, 3]);
    broker.fate = "arrives";
    void bob.subscribe("kept", since);
    publish([4]);
    expect(bob.heard()).toEqual(["subscribed kept @3 recovered", "kept n 4"]);
    expect(ada.heard()).toEqual(["subscribed kept @0", ...lines([1, 2, 3, 4])]);
  });

  it("waits until its node has got there", async () => {
    const { ada, bob, broker, publish } = scene();
    void ada.subscribe("kept");
    broker.fate = "waits";
    const since = publish([1, 2]);
    broker.reads = "later";
    const subscribing = bob.subscribe("kept", since);
    await turn();
    expect(bob.heard()).toEqual([]);
    await broker.finishReads();
    await subscribing;
    broker.release();
    broker.fate = "arrives";
    publish([3]);
    expect(bob.heard()).toEqual(["subscribed kept @2 recovered", "kept n 3"]);
    expect(ada.heard()).toEqual(["subscribed kept @0", ...lines([1, 2, 3])]);
  });

  it("is refused, and told no gap, when its node cannot find out", async () => {
    const { ada, bob, broker, publish } = scene();
    void ada.subscribe("kept");
    broker.fate = "is lost";
    const since = publish([1, 2]);
    broker.reads = "never";
    expect(await codeOf(() => bob.subscribe("kept", since))).toBe("broker-unavailable");
    broker.reads = "later";
    const code = codeOf(() => bob.subscribe("kept", since));
    await broker.finishReads(false);
    expect(await code).toBe("broker-unavailable");
    expect(bob.heard()).toEqual([]);
    expect(bob.connection.channels).toEqual([]);
  });

  it("hears of a history that was made anew from the others' position on", () => {
    const { ada, bob, broker, publish } = scene();
    void ada.subscribe("kept");
    publish([1, 2]);
    broker.loseHistory();
    broker.fate = "is lost";
    const since = publish([3]);
    broker.fate = "arrives";
    void bob.subscribe("kept", since);
    publish([4]);
    expect(bob.heard()).toEqual(["subscribed kept @1 recovered", "kept n 4"]);
    expect(ada.heard()).toEqual(["subscribed kept @0", ...lines([1, 2]), "kept gap 2..1 reset", "kept n 4"]);
  });
});
