import fc from "../properties.ts";
import { describe, expect, it } from "vitest";
import { ChannelRules, type ChannelRule } from "../../src/engine/channel-rules.ts";
import type { Publication } from "../../src/engine/publication.ts";
import { FaultyBroker } from "./faulty-broker.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { codeOf, nothingLeft, PendingBroker, turn, world, type TestClient, type World } from "./support.ts";

const board: ChannelRule = { state: true, publish: "anyone" };
const kept: ChannelRule = { ...board, history: { size: 100, ttlMs: 3_600_000 } };

interface Scene extends World {
  readonly ada: TestClient;
  /** Writes in ada's name; without data it removes. */
  write(key: string, data?: unknown): Promise<string | undefined>;
  /** What somebody is told who subscribes now. */
  late(): readonly unknown[];
}

function scene(rule: ChannelRule = board): Scene {
  const made = world({ channels: { board: rule } });
  const ada = made.connected("ada");
  return {
    ...made,
    ada,
    write: (stateKey, data) => codeOf(() => ada.publish("board", stateKey, data, { stateKey })),
    late() {
      const client = made.connected("late");
      void client.subscribe("board");
      const [, ...told] = client.heard();
      client.wire.hangUp();
      return told;
    },
  };
}

describe("a channel's state", () => {
  it("is told to who subscribes: the last value per key, in the order of the last writes, then live", async () => {
    const { ada, connected, write } = scene();
    for (const [key, data] of Object.entries({ a: 1, b: 2, c: 3 })) await write(key, data);
    await write("a", 4);
    void ada.publish("board", "chat", "no state");
    const bob = connected("bob");
    void bob.subscribe("board");
    void ada.publish("board", "chat", "live");
    await write("b", 5);
    expect(bob.heard()).toEqual([
      "subscribed board",
      "board b 2",
      "board c 3",
      "board a 4",
      'board chat "live"',
      "board b 5",
    ]);
  });

  it("is told to those that the server subscribes", async () => {
    const { connected, engine, write } = scene();
    await write("a", 1);
    const bob = connected("bob");
    await engine.subscribe(bob.connection, "board");
    expect(bob.heard()).toEqual(["server subscribed board", "board a 1"]);
  });

  it("is told also to the connection that was left out when it was written", async () => {
    const { ada, engine } = scene(kept);
    await ada.publish("board", "a", { x: 1 }, { stateKey: "k", echo: false, id: "one" });
    const [state] = await engine.state("board");
    expect(state).toMatchObject({ id: "one", stateKey: "k", except: ada.connection.id, position: { offset: 1 } });
    void ada.subscribe("board");
    expect(ada.heard()).toEqual(["subscribed board @1", 'board a {"x":1}']);
  });

  it("forgets a key that is published without data, and everybody hears that", async () => {
    const { ada, late, write } = scene();
    void ada.subscribe("board");
    ada.heard();
    await write("a", null);
    expect(late()).toEqual(["board a null"]);
    await write("a");
    expect(late()).toEqual([]);
    expect(ada.heard()).toEqual(["board a null", "board a undefined"]);
  });

  it("is read and forgotten by the server", async () => {
    const { engine, late, write } = scene();
    await write("a", 1);
    await write("b", 2);
    expect((await engine.state("board")).map(({ stateKey, data }) => [stateKey, data])).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    await engine.clearState("board");
    expect([await engine.state("board"), late()]).toEqual([[], []]);
    for (const call of [engine.state.bind(engine), engine.clearState.bind(engine)]) {
      expect(await codeOf(() => call("plain"))).toBe("not-supported");
      expect(await codeOf(() => call(""))).toBe("channel-name-invalid");
    }
  });

  it("is kept for its time since the last write, with nobody there", async () => {
    const { clock, late, write } = scene({ ...board, state: { ttlMs: 1_000 } });
    await write("a", 1);
    await write("b", 2);
    clock.advance(600);
    await write("a", 3);
    clock.advance(400);
    expect(late()).toEqual(["board b 2", "board a 3"]);
    clock.advance(1);
    expect(late()).toEqual(["board a 3"]);
    clock.advance(600);
    expect(late()).toEqual([]);
  });

  it("is not changed by a publication that is repeated", async () => {
    const { ada, late } = scene();
    for (const data of [1, 2]) await ada.publish("board", "a", data, { stateKey: "k", id: `id-${data}` });
    await ada.publish("board", "a", 1, { stateKey: "k", id: "id-1" });
    expect(late()).toEqual(["board a 2"]);
  });

  it("is delivered, and counts as nothing that was recovered", async () => {
    const { engine, late, write } = scene(kept);
    await write("a", 1);
    const before = engine.stats();
    expect(late()).toHaveLength(1);
    const { delivered, recovered } = engine.stats();
    expect([delivered - before.delivered, recovered]).toEqual([1, 0]);
  });

  it("is whatever was written last, whoever writes what when", async () => {
    const key = fc.constantFrom("a", "b", "__proto__", "constructor");
    const operation = fc.oneof(
      fc.record({ key, data: fc.constantFrom(1, null, "é", [], { x: 1 }) }),
      fc.record({ key, data: fc.constant(undefined) }),
      fc.constant("clear" as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 30 }), async (operations) => {
        const { engine, late, write } = scene();
        const model = new Map<string, unknown>();
        for (const each of operations) {
          if (each === "clear") {
            model.clear();
            await engine.clearState("board");
            continue;
          }
          model.delete(each.key);
          if (each.data !== undefined) model.set(each.key, each.data);
          await write(each.key, each.data);
        }
        expect(late()).toEqual([...model].map(([name, data]) => `board ${name} ${JSON.stringify(data)}`));
      }),
    );
  });
});

describe("N22: state messages", () => {
  it("N22: the key __proto__ is a key as any other", async () => {
    const { late, write } = scene();
    await write("__proto__", { polluted: true });
    await write("constructor", 1);
    expect(late()).toEqual(['board __proto__ {"polluted":true}', "board constructor 1"]);
    expect(({} as { polluted?: true }).polluted).toBeUndefined();
  });

  it("N22: L17: 1,000 keys are kept; one more is refused, told nobody, and changes nothing", async () => {
    const { ada, application, engine, late, write } = scene();
    for (let key = 0; key < 1_000; key += 1) expect(await write(`k${key}`, key)).toBeUndefined();
    void ada.subscribe("board");
    ada.heard();
    const { published } = engine.stats();
    expect(await write("k1000", 1_000)).toBe("limit-exceeded");
    expect([ada.heard(), application.reported, engine.stats().published]).toEqual([[], [], published]);
    expect(late()).toHaveLength(1_000);
    expect(await write("k0", "again")).toBeUndefined();
    expect(await write("k1")).toBeUndefined();
    expect(await write("k1000", 1_000)).toBeUndefined();
    expect(late().slice(-2)).toEqual(['board k0 "again"', "board k1000 1000"]);
  });

  it("N22: L17: 1 MiB of keys and payloads is kept; one byte more is refused", async () => {
    const { connected, engine, write } = scene();
    // A key of one byte, and the quotes of the payload.
    const half = 1_048_576 / 2 - 3;
    expect(await write("a", "x".repeat(half))).toBeUndefined();
    expect(await write("b", "x".repeat(half + 1))).toBe("limit-exceeded");
    expect(await write("b", `${"x".repeat(half - 1)}é`)).toBe("limit-exceeded");
    expect(await write("é", "x".repeat(half))).toBe("limit-exceeded");
    expect(await write("b", new Uint8Array(half + 3))).toBe("limit-exceeded");
    expect(await engine.state("board")).toHaveLength(1);
    expect(await write("b", "x".repeat(half))).toBeUndefined();
    expect(await write("b", new Uint8Array(half + 2))).toBeUndefined();
    expect(await write("a", "x".repeat(half))).toBeUndefined();
    expect(await write("c", 1)).toBe("limit-exceeded");
    const late = connected("late");
    void late.subscribe("board");
    // The wire has to be drained before the rest is told.
    expect(late.heard()).toHaveLength(2);
    late.wire.drain();
    expect(late.heard()).toHaveLength(1);
  });

  it("N22: removing an unknown key succeeds", async () => {
    const { late, write } = scene();
    expect(await write("unknown")).toBeUndefined();
    expect(late()).toEqual([]);
  });

  it("N22: where the owner publishes, nobody else writes state", async () => {
    const { ada, connected, late, write } = scene({ state: true, publish: "owner" });
    void ada.subscribe("board");
    const bob = connected("bob");
    void bob.subscribe("board");
    expect(await write("a", 1)).toBeUndefined();
    for (const data of [2, undefined]) {
      expect(await codeOf(() => bob.publish("board", "a", data, { stateKey: "a" }))).toBe("forbidden");
    }
    expect(late()).toEqual(["board a 1"]);
  });

  it.each([
    ["", "bad-request"],
    ["k".repeat(200), undefined],
    ["k".repeat(201), "bad-request"],
    ["é".repeat(100), undefined],
    [`${"é".repeat(100)}k`, "bad-request"],
    ["a\nb", "bad-request"],
    ["\ud800", "bad-request"],
  ])("N22: the key %j is answered with %s", async (stateKey, code) => {
    const { ada, engine } = scene();
    expect(await codeOf(() => ada.publish("board", "e", 1, { stateKey }))).toBe(code);
    expect(await codeOf(() => engine.compose({ channel: "board", event: "e", data: 1, stateKey }))).toBe(code);
  });
});

describe("a publication with a state key", () => {
  it("is not supported where the channel keeps none, and it says what to set", async () => {
    const { connected, engine } = world({ channels: { plain: { publish: "anyone" } } });
    const client = connected("ada");
    const publication = engine.compose({ channel: "plain", event: "e", data: 1, stateKey: "k" });
    expect(() => engine.publish(publication)).toThrow(/"plain" keeps no state; set "state: true"/);
    expect(await codeOf(() => client.publish("plain", "e", 1, { stateKey: "k" }))).toBe("not-supported");
  });

  it("is not supported as a batch, nor in several channels at once", async () => {
    const { engine } = scene();
    const publication = engine.compose({ channel: "board", event: "e", data: [1], stateKey: "k" });
    expect(await codeOf(() => engine.publish({ ...publication, batch: true }))).toBe("not-supported");
    expect(await codeOf(() => engine.signal({ kind: "union", publications: [publication] }))).toBe("not-supported");
    expect(await engine.state("board")).toEqual([]);
  });

  it("is reported when the server published it and it has no room", async () => {
    const { application, engine, late } = scene({ state: { keys: 1 } });
    const write = (stateKey: string): unknown =>
      engine.publish(engine.compose({ channel: "board", event: "e", data: 1, stateKey }));
    await write("a");
    expect(await codeOf(() => write("b"))).toBe("limit-exceeded");
    expect(application.reported).toMatchObject([{ error: { code: "limit-exceeded" }, channel: "board", event: "e" }]);
    expect(late()).toEqual(["board e 1"]);
  });

  it("is refused when its data cannot be said in JSON", async () => {
    const { application, late, write } = scene();
    const circle: { self?: object } = {};
    circle.self = circle;
    for (const data of [circle, 1n]) expect(await write("a", data)).toBe("payload-invalid");
    expect([late(), application.reported]).toEqual([[], []]);
  });
});

describe("state and history", () => {
  it("is not told to those who recovered: they have it", async () => {
    const { ada, connected, engine, write } = scene(kept);
    await write("a", 1);
    const { top } = await engine.history("board", {});
    await write("a", 2);
    const bob = connected("bob");
    void bob.subscribe("board", top);
    void ada.publish("board", "chat", "live");
    expect(bob.heard()).toEqual(["subscribed board @2 recovered", "board a 2", 'board chat "live"']);
  });

  it("comes after a gap", async () => {
    const { connected, write } = scene(kept);
    await write("a", 1);
    for (const [since, from] of [
      ["unknown", "?"],
      [{ epoch: "other", offset: 7, tag: "t" }, "7"],
    ] as const) {
      const bob = connected("bob");
      void bob.subscribe("board", since);
      expect(bob.heard()).toEqual(["subscribed board @1 not recovered", `board gap ${from}..1 reset`, "board a 1"]);
    }
  });

  it("is told where there is no history to recover from", async () => {
    const { connected, write } = scene();
    await write("a", 1);
    const bob = connected("bob");
    void bob.subscribe("board", { epoch: "e", offset: 1, tag: "t" });
    expect(bob.heard()).toEqual(["subscribed board not recovered", "board a 1"]);
  });

  it("leaves out what comes live after the subscriber's position", async () => {
    const clock = new ManualClock();
    const broker = new FaultyBroker(clock);
    const { connected } = world({ clock, broker, channels: { board: kept } });
    const [ada, bob] = [connected("ada"), connected("bob")];
    void ada.subscribe("board");
    void ada.publish("board", "a", 1, { stateKey: "a" });
    broker.fate = "waits";
    void ada.publish("board", "a", 2, { stateKey: "a" });
    void ada.publish("board", "b", 3, { stateKey: "b" });
    void bob.subscribe("board");
    expect(bob.heard()).toEqual(["subscribed board @1"]);
    broker.release();
    expect(bob.heard()).toEqual(["board a 2", "board b 3"]);
  });

  it("tells a value of an earlier epoch, which outlived its history", async () => {
    const clock = new ManualClock();
    const broker = new FaultyBroker(clock);
    const { connected } = world({ clock, broker, channels: { board: kept } });
    const [ada, bob] = [connected("ada"), connected("bob")];
    void ada.publish("board", "a", 1, { stateKey: "a" });
    broker.loseHistory();
    void bob.subscribe("board");
    expect(bob.heard()).toEqual(["subscribed board @0", "board a 1"]);
  });
});

describe("state from a broker that takes its time", () => {
  const written = (data: number, stateKey?: string): Publication => ({
    channel: "board",
    event: stateKey ?? "chat",
    data,
    id: String(data),
    time: 0,
    ...(stateKey !== undefined && { stateKey }),
  });

  async function joining(): Promise<World & { readonly broker: PendingBroker; readonly bob: TestClient }> {
    const broker = new PendingBroker();
    const made = world({ broker, channels: { board } });
    const bob = made.connected("bob");
    void Promise.resolve(bob.subscribe("board")).catch(() => undefined);
    await broker.finish();
    expect(broker.pending).toEqual(["state board"]);
    return { ...made, broker, bob };
  }

  it("is told once: what was held and is in it, and what was written before that, is not told again", async () => {
    const { bob, broker } = await joining();
    for (const each of [written(1, "a"), written(2), written(3, "a"), written(4, "b")]) broker.deliver(each);
    broker.kept = [written(3, "a"), written(5, "c")];
    await broker.finish();
    broker.deliver(written(6, "b"));
    expect(bob.heard()).toEqual([
      "subscribed board",
      "board a 3",
      "board c 5",
      "board chat 2",
      "board b 4",
      "board b 6",
    ]);
  });

  it("does not keep back what was written after it was read", async () => {
    const { bob, broker } = await joining();
    broker.kept = [written(1, "a")];
    for (const each of [written(2, "a"), written(3, "a")]) broker.deliver(each);
    await broker.finish();
    expect(bob.heard()).toEqual(["subscribed board", "board a 1", "board a 2", "board a 3"]);
  });

  it("fails the subscription when it cannot be read", async () => {
    const broker = new PendingBroker();
    const { connected, engine } = world({ broker, channels: { board } });
    const bob = connected("bob");
    const code = codeOf(() => bob.subscribe("board"));
    await broker.finish();
    await broker.fail();
    expect(await code).toBe("broker-unavailable");
    bob.wire.hangUp();
    await broker.finishAll();
    expect([bob.connection.channels, engine.stats()]).toEqual([[], expect.objectContaining(nothingLeft)]);
  });

  it("is for nobody when the client has left meanwhile", async () => {
    const { bob, broker, engine } = await joining();
    broker.kept = [written(1, "a")];
    bob.unsubscribe("board");
    await broker.finish();
    await turn();
    expect([bob.heard(), engine.stats().subscriptions]).toEqual([[], 0]);
  });
});

describe("the rule of a channel's state", () => {
  const stateOf = (state: NonNullable<ChannelRule["state"]>): unknown =>
    new ChannelRules({ a: { state } }).of("a").state;
  const usual = { keys: 1_000, bytes: 1_048_576, ttlMs: 86_400_000 };

  it("is filled with what is usual", () => {
    expect([stateOf(false), stateOf(true), stateOf({})]).toEqual([undefined, usual, usual]);
    expect(stateOf({ keys: 5 })).toEqual({ ...usual, keys: 5 });
    expect(new ChannelRules({}).of("a").state).toBeUndefined();
  });

  it.each([
    ["keys", 100_000],
    ["bytes", 2 ** 31 - 1],
    ["ttlMs", 2 ** 31 - 1],
  ])("takes for %s whole numbers from 1 to %d", (name, most) => {
    for (const value of [1, most]) expect(stateOf({ [name]: value })).toEqual({ ...usual, [name]: value });
    for (const value of [0, most + 1, 1.5, Number.NaN, "1"]) {
      expect(() => stateOf({ [name]: value })).toThrow(`state.${name} of "a" must be a whole number from 1 to ${most}`);
    }
  });
});
