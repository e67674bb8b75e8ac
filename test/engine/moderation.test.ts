import { describe, expect, it } from "vitest";
import { Cluster } from "../contracts/cluster-broker.ts";
import { codeOf, nothingLeft, PendingBroker, turn, world, type TestClient } from "./support.ts";

const heard = (...clients: readonly TestClient[]): readonly (readonly unknown[])[] =>
  clients.map((client) => client.heard());

describe("closing a channel", () => {
  it("takes everyone out and tells them, and nobody else", async () => {
    const { connected, engine } = world();
    const [ada, bob, eve] = [connected("ada"), connected("bob"), connected("eve")];
    for (const client of [ada, bob]) for (const name of ["lobby", "other"]) void client.subscribe(name);
    void eve.subscribe("other");
    heard(ada, bob, eve);
    await engine.signal({ kind: "expel", channel: "lobby" });
    expect(heard(ada, bob, eve)).toEqual([["server unsubscribed lobby"], ["server unsubscribed lobby"], []]);
    expect(ada.connection.channels).toEqual(["other"]);
    expect(engine.stats()).toMatchObject({ channels: 1, subscriptions: 3 });
    expect(await codeOf(() => bob.subscribe("lobby"))).toBeUndefined();
  });

  it("of presence tells nobody who left, and the list begins anew, whoever listens on the server", async () => {
    const { connected, engine } = world();
    const stop = await engine.listen("presence-x", () => undefined);
    const [ada, bob] = [connected("ada"), connected("bob")];
    for (const client of [ada, bob]) void client.subscribe("presence-x");
    heard(ada, bob);
    await engine.signal({ kind: "expel", channel: "presence-x" });
    expect(heard(ada, bob)).toEqual([["server unsubscribed presence-x"], ["server unsubscribed presence-x"]]);
    expect(engine.members("presence-x")).toEqual([]);
    void bob.subscribe("presence-x");
    expect(bob.heard()).toEqual(["subscribed presence-x [bob]"]);
    stop();
  });

  it("ends a subscription that is not ready", async () => {
    const broker = new PendingBroker();
    const { connected, engine } = world({ broker });
    const ada = connected("ada");
    void engine.signal({ kind: "expel", channel: "lobby" });
    const code = codeOf(() => ada.subscribe("lobby"));
    expect(broker.pending).toEqual(["signal expel", "subscribe lobby"]);
    await broker.finishAll();
    expect(await code).toBe("closed");
    expect(engine.stats()).toMatchObject({ channels: 0, subscriptions: 0 });
  });

  it("reaches every node, and a channel with nobody in it is no failure", async () => {
    const cluster = new Cluster();
    const [one, two] = [world({ broker: cluster.node() }), world({ broker: cluster.node() })];
    const [ada, bob] = [one.connected("ada"), two.connected("bob")];
    await Promise.all([ada.subscribe("lobby"), bob.subscribe("lobby")]);
    heard(ada, bob);
    await one.engine.signal({ kind: "expel", channel: "lobby" });
    await one.engine.signal({ kind: "expel", channel: "elsewhere" });
    await turn();
    expect(heard(ada, bob)).toEqual([["server unsubscribed lobby"], ["server unsubscribed lobby"]]);
  });

  it("waits for its turn: what is published before it is heard before it", async () => {
    const { connected, engine } = world();
    const ada = connected("ada");
    void ada.subscribe("lobby");
    const stop = await engine.listen("lobby", ({ event }) => {
      if (event !== "last") return;
      void engine.signal({ kind: "expel", channel: "lobby" });
    });
    ada.heard();
    void ada.publish("lobby", "last", 1);
    expect(ada.heard()).toEqual(["lobby last 1", "server unsubscribed lobby"]);
    stop();
  });

  it("of a name that is none is refused", async () => {
    expect(await codeOf(() => world().engine.signal({ kind: "expel", channel: "" }))).toBe("channel-name-invalid");
  });
});

describe("removing a user from a channel", () => {
  it("takes all their connections out, tells them, and tells the others once", async () => {
    const { connected, engine } = world();
    const [ada, bob, alsoBob] = [connected("ada"), connected("bob"), connected("bob")];
    for (const client of [ada, bob, alsoBob]) void client.subscribe("presence-x");
    heard(ada, bob, alsoBob);
    await engine.signal({ kind: "expel", channel: "presence-x", user: "bob" });
    const [toAda, ...toBob] = heard(ada, bob, alsoBob);
    expect(toAda).toEqual(["presence-x -bob"]);
    for (const told of toBob) expect(told.at(-1)).toBe("server unsubscribed presence-x");
    expect(engine.members("presence-x").map(({ user }) => user)).toEqual(["ada"]);
    expect(bob.connection.isOpen).toBe(true);
  });

  it("names anonymous ones by their connection, as members do", async () => {
    const { connected, engine } = world();
    const [one, two] = [connected(), connected()];
    for (const client of [one, two]) void client.subscribe("lobby");
    heard(one, two);
    await engine.signal({ kind: "expel", channel: "lobby", user: one.connection.id });
    expect(heard(one, two)).toEqual([["server unsubscribed lobby"], []]);
  });
});

describe("disconnecting a user", () => {
  it("closes all their connections, on every node, and nobody else's", async () => {
    const cluster = new Cluster();
    const [one, two] = [world({ broker: cluster.node() }), world({ broker: cluster.node() })];
    const [ada, bob] = [one.connected("ada"), one.connected("bob")];
    const alsoBob = two.connected("bob");
    const others = [one.connected("bob"), one.connected("bob"), one.connected("bob")];
    await one.engine.signal({ kind: "disconnect", user: "bob", code: 4403, reason: "enough" });
    await turn();
    expect(one.application.disconnects).toMatchObject(
      Array.from({ length: 4 }, () => ({ code: 4403, reason: "enough" })),
    );
    expect(two.application.disconnects).toMatchObject([{ code: 4403, reason: "enough" }]);
    expect([ada, bob, alsoBob].map(({ connection }) => connection.isOpen)).toEqual([true, false, false]);
    expect(others.map(({ connection }) => connection.isOpen)).toEqual([false, false, false]);
    ada.wire.hangUp();
    expect(one.engine.stats()).toMatchObject(nothingLeft);
  });

  it.each([
    [1001, ""],
    [3999, ""],
    [4000, "é".repeat(62)],
  ])("with %d and %j is refused, and nobody is closed", async (code, reason) => {
    const { connected, engine } = world();
    const bob = connected("bob");
    expect(await codeOf(() => engine.signal({ kind: "disconnect", user: "bob", code, reason }))).toBe("option-invalid");
    expect(bob.connection.isOpen).toBe(true);
    await engine.signal({ kind: "disconnect", user: "bob", code: 4000, reason: "é".repeat(61) });
    expect(bob.connection.isOpen).toBe(false);
  });
});
