import { describe, expect, it } from "vitest";
import { turn } from "../../engine/support.ts";
import { nativeWorld, type NativeClient, type NativeWorld } from "./support.ts";

const codecs = ["json", "msgpack"] as const;

interface Scene extends NativeWorld {
  readonly ada: NativeClient;
}

function scene(codec: (typeof codecs)[number] = "json"): Scene {
  const channels = {
    board: { state: true },
    log: { state: { keys: 2 }, history: { size: 10, ttlMs: 60_000 } },
    show: { state: true, publish: "owner" as const },
  };
  const world = nativeWorld({ channels });
  const ada = world.entered("ada", { codec });
  for (const [index, channel] of ["board", "log", "show", "plain"].entries()) {
    ada.send({ type: "subscribe", ref: index, channel });
  }
  ada.heard();
  return { ...world, ada };
}

function subscribed({ entered }: NativeWorld, channel: string, since?: string): readonly unknown[] {
  const late = entered("late");
  late.send({ type: "subscribe", ref: 1, channel, ...(since !== undefined && { since }) });
  return late.heard();
}

describe("state on the wire", () => {
  it.each(codecs)("N22: is told live and to who comes late with its key, any key, bytes included (%s)", (codec) => {
    const { ada, ...world } = scene(codec);
    const data = Uint8Array.of(1, 255);
    ada.send({ type: "publish", channel: "board", event: "sketch", data, id: "s-1", stateKey: "__proto__" });
    ada.send({ type: "publish", channel: "board", event: "chat", data: "no state" });
    const [live, chat] = ada.heard();
    expect(live).toMatchObject({ type: "publication", event: "sketch", data, id: "s-1", stateKey: "__proto__" });
    expect(chat).not.toHaveProperty("stateKey");
    const late = world.entered("late", { codec });
    late.send({ type: "subscribe", ref: 1, channel: "board" });
    expect(late.heard()).toEqual([{ type: "subscribed", ref: 1, channel: "board" }, live]);
  });

  it("N22: without data a key is removed; null is data", () => {
    const { ada, ...world } = scene();
    ada.send({ type: "publish", channel: "board", event: "e", data: null, stateKey: "a" });
    expect(subscribed(world, "board")).toMatchObject([{ type: "subscribed" }, { data: null, stateKey: "a" }]);
    ada.heard();
    ada.send({ type: "publish", ref: 9, channel: "board", event: "e", stateKey: "a" });
    ada.send({ type: "publish", ref: 10, channel: "board", event: "e", stateKey: "unknown" });
    expect(ada.heard()).toMatchObject([
      { type: "publication", stateKey: "a" },
      { type: "published", ref: 9 },
      { type: "publication", stateKey: "unknown" },
      { type: "published", ref: 10 },
    ]);
    expect(subscribed(world, "board")).toHaveLength(1);
  });

  it("has no position where history is kept, and none is told to who recovers", () => {
    const { ada, ...world } = scene();
    for (const data of [1, 2]) ada.send({ type: "publish", channel: "log", event: "e", data, stateKey: "a" });
    const [first, second] = ada.heard() as readonly { readonly position: string }[];
    const { position, ...replayed } = second!;
    expect(subscribed(world, "log")).toEqual([{ type: "subscribed", ref: 1, channel: "log", position }, replayed]);
    expect(subscribed(world, "log", position)).toEqual([
      { type: "subscribed", ref: 1, channel: "log", position, recovered: true },
    ]);
    expect(subscribed(world, "log", first!.position)).toMatchObject([{ recovered: true }, second!]);
    expect(subscribed(world, "log", "other.1.t")).toMatchObject([{ recovered: false }, { type: "gap" }, replayed]);
  });

  it.each([
    ["N22: one key too many", "log", "c", "limit-exceeded"],
    ["no state there", "plain", "a", "not-supported"],
    ["N22: a key that is no name", "board", "a\u0000", "bad-request"],
    ["N22: an empty key", "board", "", "bad-request"],
  ])("is refused and changes nothing: %s", async (_case, channel, stateKey, code) => {
    const { ada, application, engine } = scene();
    for (const key of ["a", "b"]) ada.send({ type: "publish", channel: "log", event: "e", data: 1, stateKey: key });
    ada.heard();
    const { published } = engine.stats();
    ada.send({ type: "publish", ref: 7, channel, event: "e", data: 1, stateKey });
    await turn();
    expect(ada.heard()).toMatchObject([{ type: "error", ref: 7, code }]);
    expect([engine.stats().published, application.reported]).toEqual([published, []]);
  });

  it("N22: is refused to those who do not own the channel", () => {
    const { ada, ...world } = scene();
    const bob = world.entered("bob");
    bob.send({ type: "subscribe", ref: 1, channel: "show" });
    bob.send({ type: "publish", ref: 2, channel: "show", event: "e", data: "mine", stateKey: "slide" });
    expect(bob.heard()).toMatchObject([{ type: "subscribed" }, { type: "error", ref: 2, code: "forbidden" }]);
    ada.send({ type: "publish", channel: "show", event: "e", data: 3, stateKey: "slide" });
    expect(subscribed(world, "show").slice(1)).toMatchObject([{ data: 3, stateKey: "slide", from: { user: "ada" } }]);
  });

  it("is in pages of history with its key", () => {
    const { ada } = scene();
    ada.send({ type: "publish", channel: "log", event: "e", data: 1, stateKey: "a" });
    ada.heard();
    ada.send({ type: "history", ref: 5, channel: "log" });
    expect(ada.heard()).toMatchObject([{ type: "history", publications: [{ data: 1, stateKey: "a" }] }]);
  });
});
