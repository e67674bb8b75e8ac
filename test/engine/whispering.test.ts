import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { memoryBroker } from "../../src/brokers/memory.ts";
import type { ChannelAttempt } from "../../src/engine/channel-rules.ts";
import { Cluster } from "../contracts/cluster-broker.ts";
import { codeOf, gate, PendingBroker, turn, world, type TestClient, type World } from "./support.ts";

const whispers = { channels: { "*": { whispers: true } } };

function inLobby({ connected }: World, users: readonly string[]): readonly TestClient[] {
  const clients = users.map((user) => connected(user));
  for (const client of clients) void client.subscribe("lobby");
  for (const client of clients) client.heard();
  return clients;
}

describe("a whisper", () => {
  it("is heard by everyone in the channel but the one it is from, with the server's word on who that is", () => {
    const one = world(whispers);
    const [ada, bob, eve] = inLobby(one, ["ada", "bob", "eve"]);
    const outside = one.connected("outside");
    void ada!.whisper("lobby", "typing", { on: true });
    expect(ada!.heard()).toEqual([]);
    expect(bob!.heard()).toEqual(['lobby ~ada typing {"on":true}']);
    expect(eve!.heard()).toEqual(['lobby ~ada typing {"on":true}']);
    expect(outside.heard()).toEqual([]);
    expect(one.engine.stats()).toMatchObject({ whispered: 1, published: 0, delivered: 2 });
  });

  it("reaches the same user's other connections", () => {
    const [ada, alsoAda] = inLobby(world(whispers), ["ada", "ada"]);
    void ada!.whisper("lobby", "typing");
    expect(alsoAda!.heard()).toEqual(["lobby ~ada typing undefined"]);
  });

  it("reaches every node", async () => {
    const cluster = new Cluster();
    const nodes = [cluster, cluster].map((one) => world({ ...whispers, broker: one.node() }));
    // Here the ids of each node begin with 1; elsewhere no two connections share one.
    nodes[1]!.connected("somebody");
    const [ada, bob] = nodes.map(({ connected }, index) => connected(`user-${index}`));
    await Promise.all([ada!.subscribe("lobby"), bob!.subscribe("lobby")]);
    for (const client of [ada!, bob!]) client.heard();
    await ada!.whisper("lobby", "typing", 1);
    await turn();
    expect([ada!.heard(), bob!.heard()]).toEqual([[], ["lobby ~user-0 typing 1"]]);
  });

  it("is never kept: not in the history, and not for those who come back", async () => {
    const history = { size: 10, ttlMs: 60_000 };
    const one = world({ channels: { lobby: { whispers: true, history } } });
    const [ada] = inLobby(one, ["ada"]);
    const { top } = await one.engine.history("lobby", {});
    void ada!.whisper("lobby", "typing");
    const bob = one.connected("bob");
    void bob.subscribe("lobby", top);
    expect(bob.heard()).toEqual(["subscribed lobby @0 recovered"]);
    expect((await one.engine.history("lobby", {})).publications).toEqual([]);
  });

  it("comes after the answer to a subscription that is not ready", async () => {
    const broker = new PendingBroker();
    const one = world({ ...whispers, broker });
    const [ada, bob] = [one.connected("ada"), one.connected("bob")];
    const joined = Promise.all([ada.subscribe("lobby"), bob.subscribe("lobby")]);
    const whispered = ada.whisper("lobby", "typing", 1);
    expect(broker.pending).toEqual(["subscribe lobby", "signal whisper"]);
    await broker.finishAll();
    await Promise.all([joined, whispered]);
    expect(bob.heard()).toEqual(["subscribed lobby", "lobby ~ada typing 1"]);
  });

  it("fits the schema of its event, which may change it", async () => {
    const one = world(whispers);
    one.application.schemas.set("typing", v.object({ on: v.boolean() }));
    const [ada, bob] = inLobby(one, ["ada", "bob"]);
    expect(await codeOf(() => ada!.whisper("lobby", "typing", { on: 1 }))).toBe("payload-invalid");
    await ada!.whisper("lobby", "typing", { on: true, secret: 1 });
    expect(bob!.heard()).toEqual(['lobby ~ada typing {"on":true}']);
  });
});

describe("whispering", () => {
  it.each([
    ["private-x", undefined, undefined],
    ["presence-x", undefined, undefined],
    ["lobby", undefined, "forbidden"],
    ["lobby", true, undefined],
    ["presence-x", false, "forbidden"],
    ["Private-x", undefined, "forbidden"],
  ])("in %s, with the rule saying %s, ends with %s", async (channel, allowed, code) => {
    const rule = { authorize: () => true, ...(allowed !== undefined && { whispers: allowed }) };
    const ada = world({ channels: { "*": rule } }).connected("ada");
    await ada.subscribe(channel);
    expect(await codeOf(() => ada.whisper(channel, "typing"))).toBe(code);
  });

  it("is for subscribers", async () => {
    const { connected } = world(whispers);
    const [ada, bob] = [connected("ada"), connected("bob")];
    await bob.subscribe("lobby");
    bob.heard();
    expect(await codeOf(() => ada.whisper("lobby", "typing"))).toBe("not-subscribed");
    await ada.subscribe("lobby");
    ada.unsubscribe("lobby");
    expect(await codeOf(() => ada.whisper("lobby", "typing"))).toBe("not-subscribed");
    expect(bob.heard()).toEqual([]);
  });

  it.each([
    ["", "typing", "channel-name-invalid"],
    ["lobby", "", "event-name-invalid"],
    ["lobby", "gap", "event-name-invalid"],
  ])("to %j of %j is refused with %s", async (channel, event, code) => {
    expect(await codeOf(() => world(whispers).connected("ada").whisper(channel, event))).toBe(code);
  });

  it("is asked about, once and on the exact name; anything but true refuses", async () => {
    const attempts: ChannelAttempt[] = [];
    let answer: unknown = true;
    const authorize = (attempt: ChannelAttempt): boolean => {
      if (attempt.action === "whisper") attempts.push(attempt);
      return attempt.action === "subscribe" || (answer as boolean);
    };
    const ada = world({ channels: { "private-*": { authorize } } }).connected("ada");
    await ada.subscribe("private-x");
    await ada.whisper("private-x", "typing");
    const { connection } = ada;
    expect(attempts).toEqual([{ connection, action: "whisper", channel: "private-x", event: "typing" }]);
    answer = 1;
    expect(await codeOf(() => ada.whisper("private-x", "typing"))).toBe("forbidden");
  });

  it("comes to nothing when the client is put out while the application thinks about it", async () => {
    const asked = gate<boolean>();
    const authorize = ({ action }: ChannelAttempt): boolean | Promise<boolean> =>
      action === "subscribe" || asked.passed;
    const one = world({ channels: { lobby: { whispers: true, authorize } } });
    const [ada, bob] = inLobby(one, ["ada", "bob"]);
    const code = codeOf(() => ada!.whisper("lobby", "typing"));
    await ada!.connection.unsubscribe("lobby");
    await ada!.connection.subscribe("lobby");
    await asked.open(true);
    expect(await code).toBe("not-subscribed");
    expect(bob!.heard()).toEqual([]);
  });

  it("comes to nothing when the client is revoked meanwhile, though it has not answered the close", async () => {
    const asked = gate<boolean>();
    const authorize = ({ action }: ChannelAttempt): boolean | Promise<boolean> =>
      action === "subscribe" || asked.passed;
    const one = world({ channels: { lobby: { whispers: true, authorize } } });
    const [bob] = inLobby(one, ["bob"]);
    const mute = one.connected("ada", { peerAnswersClose: false });
    void mute.subscribe("lobby");
    const code = codeOf(() => mute.whisper("lobby", "typing"));
    await one.engine.signal({ kind: "revoke", user: "ada" });
    await asked.open(true);
    expect([await code, bob!.heard()]).toEqual(["closed", []]);
  });

  it("fails when the broker does", async () => {
    const broker = { ...memoryBroker(), signal: () => Promise.reject(new Error("gone")) };
    const one = world({ ...whispers, broker });
    const [ada] = inLobby(one, ["ada"]);
    expect(await codeOf(() => ada!.whisper("lobby", "typing"))).toBe("broker-unavailable");
    expect(one.engine.stats()).toMatchObject({ whispered: 0 });
  });

  it("L11: 10 at once and not 11, then one each tenth of a second; another connection is not concerned", async () => {
    const one = world(whispers);
    const [ada, bob] = inLobby(one, ["ada", "bob"]);
    for (let count = 1; count <= 10; count += 1) void ada!.whisper("lobby", "typing", count);
    expect(await codeOf(() => ada!.whisper("lobby", "typing", 11))).toBe("rate-limited");
    expect(bob!.heard()).toHaveLength(10);
    expect(await codeOf(() => bob!.whisper("lobby", "typing"))).toBeUndefined();
    one.clock.advance(100);
    expect(await codeOf(() => ada!.whisper("lobby", "typing", 12))).toBeUndefined();
    expect(await codeOf(() => ada!.whisper("lobby", "typing", 13))).toBe("rate-limited");
    expect(one.engine.stats()).toMatchObject({ whispered: 12, whispersRefused: 2 });
  });

  it("is limited by the option", async () => {
    const [ada] = inLobby(world({ ...whispers, limits: { whispersPerSecond: 2 } }), ["ada"]);
    const codes = [1, 2, 3].map((count) => codeOf(() => ada!.whisper("lobby", "typing", count)));
    expect(await Promise.all(codes)).toEqual([undefined, undefined, "rate-limited"]);
  });
});
