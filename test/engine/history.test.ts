import { describe, expect, it } from "vitest";
import type { HistoryPage } from "../../src/engine/ports/broker.ts";
import { codeOf, world, type TestClient, type World } from "./support.ts";

interface Scene extends World {
  readonly ada: TestClient;
}

function scene(): Scene {
  const channels = { "kept*": { history: { size: 400, ttlMs: 60_000 }, publish: "anyone" as const } };
  const made = world({ channels });
  return { ...made, ada: made.connected("ada") };
}

const dataOf = ({ publications }: HistoryPage): readonly unknown[] => publications.map(({ data }) => data);

describe("a channel's history", () => {
  it("is read by the server, and by a client that is subscribed", async () => {
    const { ada, engine } = scene();
    for (const data of [1, 2, 3, 4, 5]) void ada.publish("kept", "n", data);
    expect(await codeOf(() => engine.historyFor(ada.connection, "kept", {}))).toBe("not-subscribed");
    void ada.subscribe("kept");
    for (const read of [engine.history.bind(engine), engine.historyFor.bind(engine, ada.connection)]) {
      const newest = await read("kept", { limit: 2 });
      expect([dataOf(newest), newest.top.offset, newest.isCovered]).toEqual([[4, 5], 5, true]);
      const before = newest.publications[0]!.position!;
      expect(dataOf(await read("kept", { before, limit: 2 }))).toEqual([2, 3]);
      expect(dataOf(await read("kept", { after: before }))).toEqual([5]);
    }
  });

  it("is 100 publications unless asked for more or less, and at most 300", async () => {
    const { ada, engine } = scene();
    for (let data = 0; data < 400; data += 1) void ada.publish("kept", "n", data);
    expect(dataOf(await engine.history("kept", {}))).toHaveLength(100);
    expect(dataOf(await engine.history("kept", { limit: 1 }))).toHaveLength(1);
    expect(dataOf(await engine.history("kept", { limit: 300 }))).toHaveLength(300);
    for (const limit of [0, 301, 1.5, -1, Number.NaN]) {
      expect(await codeOf(() => engine.history("kept", { limit }))).toBe("bad-request");
    }
  });

  it("is not supported where none is kept, and refused for what makes no sense", async () => {
    const { ada, engine } = scene();
    void ada.subscribe("plain");
    expect(await codeOf(() => engine.historyFor(ada.connection, "plain", {}))).toBe("not-supported");
    expect(await codeOf(() => engine.history("", {}))).toBe("channel-name-invalid");
    const position = { epoch: "e", offset: 1, tag: "t" };
    expect(await codeOf(() => engine.history("kept", { after: position, before: position }))).toBe("bad-request");
    expect([engine.keepsHistory("kept"), engine.keepsHistory("plain")]).toEqual([true, false]);
  });

  it("has no place for batches and for the same in several channels", async () => {
    const { ada, engine } = scene();
    const batch = engine.compose({ channel: "kept", event: "n", data: [1], batch: true });
    expect(() => engine.publish(batch)).toThrow('"kept" keeps history, and a batch has no place in it');
    expect(await codeOf(() => engine.publish(batch))).toBe("not-supported");
    const publications = ["plain", "kept"].map((channel) => engine.compose({ channel, event: "n", data: 1 }));
    expect(await codeOf(() => engine.signal({ kind: "union", publications }))).toBe("not-supported");
    expect(await codeOf(() => engine.signal({ kind: "union", publications: [publications[0]!] }))).toBeUndefined();
    expect(await codeOf(() => engine.publish({ ...batch, channel: "plain" }))).toBeUndefined();
    void ada.subscribe("kept");
    expect(ada.heard()).toEqual(["subscribed kept @0"]);
  });
});

describe("publishing", () => {
  it("tells where the publication landed, and nothing where no history is kept", async () => {
    const { ada, engine } = scene();
    void ada.subscribe("plain");
    expect(await ada.publish("kept", "n", 1)).toMatchObject({ position: { offset: 1 } });
    expect(await engine.publish(engine.compose({ channel: "kept", event: "n", data: 2 }))).toMatchObject({
      position: { offset: 2 },
    });
    expect((await ada.publish("plain", "n", 1)).position).toBeUndefined();
  });

  it("again with the same id changes nothing, and is answered with the same", async () => {
    const { ada, engine } = scene();
    void ada.subscribe("kept");
    const first = await ada.publish("kept", "n", 1, { id: "x" });
    expect(first).toMatchObject({ id: "x", position: { offset: 1 } });
    expect(await ada.publish("kept", "n", 2, { id: "x" })).toEqual(first);
    const again = engine.compose({ channel: "kept", event: "n", data: 3, id: "x" });
    expect(await engine.publish(again, { once: true })).toEqual(first);
    expect(ada.heard()).toEqual(["subscribed kept @0", "kept n 1"]);
    expect(engine.stats()).toMatchObject({ published: 1, repeated: 2 });
  });

  it("with an id works where no history is kept, too", async () => {
    const { ada } = scene();
    void ada.subscribe("plain");
    for (const data of [1, 2]) expect(await ada.publish("plain", "n", data, { id: "x" })).toEqual({ id: "x" });
    expect(ada.heard()).toEqual(["subscribed plain", "plain n 1"]);
  });

  it.each(["a", "Az09_-", "x".repeat(64)])("takes the id %j", async (id) => {
    const { ada, engine } = scene();
    expect(await ada.publish("kept", "n", 1, { id })).toMatchObject({ id });
    expect(engine.compose({ channel: "kept", event: "n", data: 1, id }).id).toBe(id);
  });

  it.each(["", "x".repeat(65), "a b", "a.b", "é", "a\n", "a\u0000"])("refuses the id %j", async (id) => {
    const { ada, engine } = scene();
    expect(await codeOf(() => ada.publish("kept", "n", 1, { id }))).toBe("bad-request");
    expect(await codeOf(() => engine.compose({ channel: "kept", event: "n", data: 1, id }))).toBe("bad-request");
  });
});
