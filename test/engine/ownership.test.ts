import { describe, expect, it } from "vitest";
import { ChannelRules, type ChannelAttempt, type ChannelRule } from "../../src/engine/channel-rules.ts";
import { codeOf, nothingLeft, world, type TestClient, type World } from "./support.ts";

const owned = (rule: ChannelRule = {}): { channels: Record<string, ChannelRule> } => ({
  channels: { "room-*": { publish: "owner", ...rule } },
});

function inRoom({ connected }: World, users: readonly (string | undefined)[]): readonly TestClient[] {
  const clients = users.map((user) => connected(user));
  for (const client of clients) void client.subscribe("room-1");
  for (const client of clients) client.heard();
  return clients;
}

const publishes = (client: TestClient): Promise<string | undefined> => codeOf(() => client.publish("room-1", "x", 1));

describe("a channel where only the owner publishes", () => {
  it("belongs to its first subscriber; others are forbidden, and hear it", async () => {
    const one = world(owned());
    const [ada, bob] = inRoom(one, ["ada", "bob"]);
    expect(await publishes(ada!)).toBeUndefined();
    expect(await publishes(bob!)).toBe("forbidden");
    expect(await publishes(one.connected("outside"))).toBe("forbidden");
    expect([ada!.heard(), bob!.heard()]).toEqual([["room-1 x 1"], ["room-1 x 1"]]);
  });

  it("is each a channel of its own", async () => {
    const one = world(owned());
    const [, bob] = inRoom(one, ["ada", "bob"]);
    await bob!.subscribe("room-2");
    expect(await codeOf(() => bob!.publish("room-2", "x"))).toBeUndefined();
    expect(await publishes(bob!)).toBe("forbidden");
  });

  it("does not bind the server", async () => {
    const one = world(owned());
    const [ada] = inRoom(one, ["ada"]);
    await one.engine.publish(one.engine.compose({ channel: "room-1", event: "x", data: 2 }));
    expect(ada!.heard()).toEqual(["room-1 x 2"]);
  });

  it("is owned by all connections of the first user, as long as one is there", async () => {
    const [ada, alsoAda, bob] = inRoom(world(owned({ ownerLeaves: "close" })), ["ada", "ada", "bob"]);
    expect(await publishes(alsoAda!)).toBeUndefined();
    ada!.wire.hangUp();
    expect(await publishes(alsoAda!)).toBeUndefined();
    expect(bob!.connection.channels).toEqual(["room-1"]);
  });

  it("takes no user for the owner whose id is the connection of an anonymous one", async () => {
    const one = world(owned());
    const [anonymous] = inRoom(one, [undefined]);
    const [thief] = inRoom(one, [anonymous!.connection.id]);
    expect(await publishes(anonymous!)).toBeUndefined();
    expect(await publishes(thief!)).toBe("forbidden");
  });

  it("keeps its owner while the client is away and may come back", async () => {
    const one = world(owned({ ownerLeaves: "close" }));
    const [ada, bob] = inRoom(one, ["ada", "bob"]);
    one.engine.suspend(ada!.connection, { code: 1006, reason: "" });
    one.clock.advance(60_000);
    expect(bob!.connection.channels).toEqual(["room-1"]);
    one.engine.resume(ada!.connection);
    expect(await publishes(ada!)).toBeUndefined();
  });
});

describe("when the owner leaves", () => {
  it("keep: the others stay and nobody takes it over, until the owner is back", async () => {
    const one = world(owned());
    const [ada, bob] = inRoom(one, ["ada", "bob"]);
    ada!.wire.hangUp();
    const [eve] = inRoom(one, ["eve"]);
    expect([await publishes(bob!), await publishes(eve!)]).toEqual(["forbidden", "forbidden"]);
    const [again] = inRoom(one, ["ada"]);
    expect(await publishes(again!)).toBeUndefined();
    expect(bob!.heard()).toEqual(["room-1 x 1"]);
  });

  it("keep: the next is the first again once nobody was left, whoever listens on the server", async () => {
    const one = world(owned());
    const stop = await one.engine.listen("room-1", () => undefined);
    const [ada, bob] = inRoom(one, ["ada", "bob"]);
    ada!.unsubscribe("room-1");
    bob!.unsubscribe("room-1");
    await bob!.subscribe("room-1");
    expect(await publishes(bob!)).toBeUndefined();
    await ada!.subscribe("room-1");
    expect(await publishes(ada!)).toBe("forbidden");
    stop();
  });

  it.each<[string, (client: TestClient) => void]>([
    ["unsubscribes", (client) => client.unsubscribe("room-1")],
    ["is gone", (client) => client.wire.hangUp()],
    ["is taken out by the server", (client) => void client.connection.unsubscribe("room-1")],
  ])("close: everyone is taken out and told, when it %s", (_, leave) => {
    const one = world(owned({ ownerLeaves: "close" }));
    const [ada, bob, eve] = inRoom(one, ["ada", "bob", "eve"]);
    leave(bob!);
    expect(eve!.connection.channels).toEqual(["room-1"]);
    leave(ada!);
    expect(eve!.heard()).toEqual(["server unsubscribed room-1"]);
    expect(one.engine.stats()).toMatchObject({ channels: 0, subscriptions: 0 });
    for (const client of [ada!, bob!, eve!]) client.wire.hangUp();
    expect(one.engine.stats()).toMatchObject(nothingLeft);
  });

  it("close: the next subscriber owns it", async () => {
    const one = world(owned({ ownerLeaves: "close" }));
    const [ada, bob] = inRoom(one, ["ada", "bob"]);
    ada!.wire.hangUp();
    await bob!.subscribe("room-1");
    expect(await publishes(bob!)).toBeUndefined();
  });
});

describe("owner, the function,", () => {
  const byName = ({ connection, channel }: ChannelAttempt): boolean =>
    `room-1 ${connection.userId}` === `${channel} bob`;

  it("says who owns it, whoever came first", async () => {
    const [ada, bob, alsoBob] = inRoom(world(owned({ owner: byName })), ["ada", "bob", "bob"]);
    const codes = await Promise.all([ada!, bob!, alsoBob!].map(publishes));
    expect(codes).toEqual(["forbidden", undefined, undefined]);
  });

  it.each<[string, unknown]>([
    ["1", 1],
    ["a promise", Promise.resolve(true)],
    ["undefined", undefined],
  ])("makes nobody an owner by saying %s", async (_, answer) => {
    const [ada] = inRoom(world(owned({ owner: () => answer as boolean })), ["ada"]);
    expect(await publishes(ada!)).toBe("forbidden");
  });

  it("that throws makes nobody an owner, and is reported; the subscription stands", async () => {
    const owner = (): boolean => {
      throw new Error("no database");
    };
    const one = world(owned({ owner }));
    const [ada] = inRoom(one, ["ada"]);
    expect(await publishes(ada!)).toBe("forbidden");
    expect(one.application.failureCodes).toEqual(["internal"]);
    expect(one.application.reported[0]).toMatchObject({ channel: "room-1", connection: { id: ada!.connection.id } });
  });

  it.each<ChannelRule>([{ owner: byName }, { publish: "anyone", ownerLeaves: "keep" }])(
    "or ownerLeaves means nothing without publish: owner, and is refused (%j)",
    (rule) => {
      expect(() => new ChannelRules({ x: rule })).toThrow(/"x" needs publish: "owner"/);
    },
  );
});
