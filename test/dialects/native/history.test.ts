import { describe, expect, it } from "vitest";
import { failure, nativeWorld, type NativeClient, type NativeWorld } from "./support.ts";

interface Page {
  readonly publications: readonly { readonly data: unknown; readonly position: string }[];
  readonly top: string;
  readonly covered: boolean;
}

function worldWithHistory(size = 1_000): NativeWorld {
  return nativeWorld({ channels: { "log*": { history: { size, ttlMs: 60_000 } } } });
}

/** A subscriber, and the channel's position when it came. */
function subscriber(
  world: NativeWorld,
  channel = "log",
  options?: Parameters<NativeWorld["entered"]>[1],
): NativeClient & { position: string } {
  const client = world.entered("ada", options);
  client.send({ type: "subscribe", ref: 1, channel });
  const [{ position }] = client.heard() as [{ position: string }];
  return Object.assign(client, { position });
}

function publish(client: NativeClient, ...items: readonly unknown[]): readonly string[] {
  for (const data of items) client.send({ type: "publish", channel: "log", event: "e", data });
  return (client.heard() as readonly { position: string }[]).map(({ position }) => position);
}

function page(client: NativeClient, range: object): Page {
  client.send({ type: "history", ref: 2, channel: "log", ...range });
  return client.heard()[0] as Page;
}

const dataOf = ({ publications }: Page): readonly unknown[] => publications.map(({ data }) => data);

describe("positions", () => {
  it("are on publications, on published and on subscribed, and grow by one", () => {
    const ada = subscriber(worldWithHistory());
    ada.send({ type: "publish", ref: 3, channel: "log", event: "e" });
    const [publication, published] = ada.heard() as readonly { position: string }[];
    expect(publication!.position).toBe(published!.position);
    expect(ada.position).toMatch(/^[\w-]+\.0\.[\w-]+$/);
    expect(publication!.position).toMatch(new RegExp(`^${ada.position.split(".")[0]!}\\.1\\.[\\w-]+$`));
  });

  it("are nowhere in a channel without history, where since is not recovered and no gap can be measured", () => {
    const world = worldWithHistory();
    const ada = world.entered("ada");
    ada.send({ type: "subscribe", ref: 1, channel: "plain", since: "e.1.t" });
    ada.send({ type: "publish", channel: "plain", event: "e", data: 1 });
    const [subscribed, publication, ...more] = ada.heard();
    expect(subscribed).toEqual({ type: "subscribed", ref: 1, channel: "plain", recovered: false });
    expect(publication).not.toHaveProperty("position");
    expect(more).toEqual([]);
  });
});

describe("recovery by subscribe with since (P3)", () => {
  it("replays exactly what was missed, then goes live", () => {
    const world = worldWithHistory();
    const bob = subscriber(world);
    const ada = subscriber(world);
    publish(ada, 1, 2, 3);
    bob.send({ type: "unsubscribe", ref: 2, channel: "log" });
    bob.heard();
    publish(ada, 4);
    bob.send({ type: "subscribe", ref: 3, channel: "log", since: bob.position });
    publish(ada, 5);
    const [subscribed, ...publications] = bob.heard() as readonly { recovered?: boolean; data?: unknown }[];
    expect(subscribed).toMatchObject({ type: "subscribed", ref: 3, recovered: true });
    expect(publications.map(({ data }) => data)).toEqual([1, 2, 3, 4, 5]);
  });

  it.each(["no position", "../../x", "a.-1.b", "a.1e9.b", "\0", "a.01.b", `${"a".repeat(65)}.1.b`])(
    "S01: a since of %j is an unknown position: a gap, and no error",
    (since) => {
      const world = worldWithHistory();
      const ada = subscriber(world);
      publish(ada, 1);
      const bob = world.entered("bob");
      bob.send({ type: "subscribe", ref: 1, channel: "log", since });
      expect(bob.heard()).toEqual([
        { type: "subscribed", ref: 1, channel: "log", position: expect.any(String), recovered: false },
        { type: "gap", channel: "log", to: expect.any(String), reason: expect.any(String) },
      ]);
    },
  );

  it("what is not kept any longer is a gap, before anything newer", () => {
    const world = worldWithHistory(2);
    const ada = subscriber(world);
    publish(ada, 1, 2, 3, 4);
    const bob = world.entered("bob");
    bob.send({ type: "subscribe", ref: 1, channel: "log", since: ada.position });
    publish(ada, 5);
    expect(bob.heard()).toMatchObject([
      { type: "subscribed", recovered: false },
      { type: "gap", from: ada.position, reason: "expired" },
      { type: "publication", data: 5 },
    ]);
  });
});

describe("history", () => {
  it("is read by page, forwards, backwards, and the newest, always oldest first", () => {
    const ada = subscriber(worldWithHistory());
    const positions = publish(ada, 1, 2, 3, 4, 5);
    expect(page(ada, {})).toMatchObject({ type: "history", ref: 2, top: positions[4], covered: true });
    expect(dataOf(page(ada, { limit: 2 }))).toEqual([4, 5]);
    expect(dataOf(page(ada, { before: positions[3], limit: 2 }))).toEqual([2, 3]);
    expect(dataOf(page(ada, { after: positions[1], limit: 2 }))).toEqual([3, 4]);
    expect(dataOf(page(ada, { after: positions[4] }))).toEqual([]);
    expect(page(ada, { after: "other.1.x" })).toMatchObject({ covered: false });
  });

  it("has whole publications, bytes included, in both codecs", () => {
    const world = worldWithHistory();
    for (const codec of ["json", "msgpack"] as const) {
      const ada = subscriber(world, "log", { codec });
      publish(ada, new Uint8Array([1, 2, 3]));
      expect(page(ada, { limit: 1 }).publications).toEqual([
        {
          type: "publication",
          channel: "log",
          event: "e",
          data: new Uint8Array([1, 2, 3]),
          id: expect.any(String),
          time: expect.any(Number),
          from: { id: expect.any(String), user: "ada" },
          position: expect.any(String),
        },
      ]);
    }
  });

  it.each([
    [1, true],
    [300, true],
    [0, false],
    [301, false],
  ])("a limit of %d is fine: %s", (limit, isFine) => {
    const ada = subscriber(worldWithHistory());
    ada.send({ type: "history", ref: 2, channel: "log", limit });
    expect(ada.heard()).toMatchObject([isFine ? { type: "history" } : failure("bad-request", 2)]);
  });

  it("has a hundred unless it is told otherwise, and fewer when they are large", () => {
    const ada = subscriber(worldWithHistory());
    publish(ada, ...Array.from({ length: 101 }, (_, index) => index));
    expect(dataOf(page(ada, {}))).toHaveLength(100);
    const large = "x".repeat(60_000);
    const positions = publish(ada, ...Array.from({ length: 30 }, () => large));
    expect(page(ada, { after: positions[0], limit: 29 }).publications.map(({ position }) => position)).toEqual(
      positions.slice(1, 18),
    );
    expect(page(ada, { limit: 29 }).publications.map(({ position }) => position)).toEqual(positions.slice(-17));
  });

  it("is for subscribers, of channels that keep any, and either after or before", () => {
    const world = worldWithHistory();
    const ada = subscriber(world);
    ada.send({ type: "history", ref: 3, channel: "log2" });
    ada.send({ type: "subscribe", ref: 4, channel: "plain" });
    ada.send({ type: "history", ref: 5, channel: "plain" });
    ada.send({ type: "history", ref: 6, channel: "log", after: ada.position, before: ada.position });
    ada.send({ type: "history", ref: 7, channel: "log", after: "nonsense" });
    expect(ada.heard()).toMatchObject([
      failure("not-subscribed", 3),
      { type: "subscribed" },
      failure("not-supported", 5),
      failure("bad-request", 6),
      failure("bad-request", 7),
    ]);
  });
});

describe("publishing once (P4)", () => {
  it("the same id changes nothing, and is answered the same", () => {
    for (const channel of ["log", "plain"]) {
      const world = worldWithHistory();
      const ada = world.entered("ada");
      ada.send({ type: "subscribe", ref: 1, channel });
      ada.heard();
      ada.send({ type: "publish", ref: 2, channel, event: "e", data: 1, id: "mine-1" });
      ada.send({ type: "publish", ref: 3, channel, event: "e", data: 2, id: "mine-1" });
      const [publication, first, second, ...more] = ada.heard() as readonly { id: string; position?: string }[];
      expect(publication).toMatchObject({ type: "publication", id: "mine-1", data: 1 });
      expect(second).toEqual({ ...first, ref: 3 });
      expect(more).toEqual([]);
    }
  });

  it.each([
    ["a", true],
    ["A-z_0", true],
    ["x".repeat(64), true],
    ["x".repeat(65), false],
    ["", false],
    ["a b", false],
    ["a.b", false],
    ["é", false],
  ])("an id of %j is fine: %s", (id, isFine) => {
    const ada = subscriber(worldWithHistory());
    ada.send({ type: "publish", ref: 2, channel: "log", event: "e", id });
    expect(ada.heard().at(-1)).toEqual(
      isFine ? expect.objectContaining({ type: "published", id }) : failure("bad-request", 2),
    );
  });
});
