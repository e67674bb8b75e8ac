import { describe, expect, it } from "vitest";
import type { Publication } from "../../src/engine/publication.ts";
import { memoryBroker } from "../../src/brokers/memory.ts";
import type { Delivery } from "../../src/engine/delivery.ts";
import { codeOf, PendingBroker, textEncoder, world } from "./support.ts";

function publications(channels: readonly string[], more: Partial<Publication> = {}): readonly Publication[] {
  return channels.map((channel) => ({ channel, event: "both", data: 1, id: "u", time: 0, ...more }));
}

describe("channels with odd names", () => {
  it("N06, J17: are each a channel of its own, with members of its own", () => {
    const { connected, engine } = world({ channels: { "*": { presence: true } }, limits: { subscriptions: 1_000 } });
    const names = [
      ..."__proto__ constructor toString . .. * > a.* {tag} [a-z] ? A a é e\u0301 İ i".split(" "),
      " ",
      "a ",
      "\u200ba",
      "🙂".repeat(50),
    ];
    const clients = names.map((name) => {
      const client = connected(`user of ${name}`);
      void client.subscribe(name);
      return client;
    });
    for (const [index, name] of names.entries()) void clients[index]!.publish(name, "x", index);
    for (const [index, name] of names.entries()) {
      expect(clients[index]!.heard()).toEqual([`subscribed ${name} [user of ${name}]`, `${name} x ${index}`]);
      expect(engine.members(name)).toHaveLength(1);
    }
    for (const client of clients) client.wire.hangUp();
    expect(engine.stats()).toMatchObject({ channels: 0, subscriptions: 0 });
  });
});

describe("presence", () => {
  const presence = { channels: { "*": { presence: true } } };

  it("lists who is there, the new one included, and tells the others", () => {
    const { connected, engine } = world(presence);
    const [ada, bob] = [connected("ada"), connected("bob")];
    void ada.subscribe("lobby");
    void bob.subscribe("lobby");
    expect(ada.heard()).toEqual(["subscribed lobby [ada]", "lobby +bob"]);
    expect(bob.heard()).toEqual(["subscribed lobby [ada,bob]"]);
    expect(engine.members("lobby")).toEqual([
      { user: "ada", info: { name: "ada" } },
      { user: "bob", info: { name: "bob" } },
    ]);
    bob.wire.hangUp();
    expect(ada.heard()).toEqual(["lobby -bob"]);
    ada.unsubscribe("lobby");
    expect(engine.members("lobby")).toEqual([]);
  });

  it("N21: a user with two connections joins once and leaves once", () => {
    const { connected } = world(presence);
    const [ada, bob, alsoBob] = [connected("ada"), connected("bob"), connected("bob")];
    for (const client of [ada, bob, alsoBob]) void client.subscribe("lobby");
    expect(ada.heard()).toEqual(["subscribed lobby [ada]", "lobby +bob"]);
    expect(alsoBob.heard()).toEqual(["subscribed lobby [ada,bob]"]);
    bob.unsubscribe("lobby");
    expect(ada.heard()).toEqual([]);
    alsoBob.wire.hangUp();
    expect(ada.heard()).toEqual(["lobby -bob"]);
  });

  it("N21: shown by connections, a user with two of them joins twice and leaves twice", () => {
    const { connected, engine } = world({ channels: { "*": { presence: "connections" } } });
    const [ada, bob, alsoBob] = [connected("ada"), connected("bob"), connected("bob")];
    for (const client of [ada, bob, alsoBob]) void client.subscribe("lobby");
    const [first, second] = [`bob#${bob.connection.id}`, `bob#${alsoBob.connection.id}`];
    const list = `[ada#${ada.connection.id},${first},${second}]`;
    expect(alsoBob.heard()).toEqual([`subscribed lobby ${list}`]);
    expect(ada.heard().slice(1)).toEqual([`lobby +${first}`, `lobby +${second}`]);
    expect(engine.members("lobby", "users").map(({ user }) => user)).toEqual(["ada", "bob"]);
    bob.unsubscribe("lobby");
    expect(ada.heard()).toEqual([`lobby -${first}`]);
    alsoBob.wire.hangUp();
    expect(ada.heard()).toEqual([`lobby -${second}`]);
    expect(engine.members("lobby")).toEqual([{ user: "ada", id: ada.connection.id, info: { name: "ada" } }]);
  });

  it("tells a dialect that shows connections of each, where the rule shows users", () => {
    const { connected, engine } = world(presence);
    const told: unknown[] = [];
    const encode = (delivery: Delivery): undefined => void told.push(delivery);
    const ada = connected("ada", { encoder: { encode } });
    const [bob, alsoBob] = [connected("bob"), connected("bob")];
    for (const client of [ada, bob, alsoBob]) void client.subscribe("lobby");
    const ids = [ada, bob, alsoBob].map(({ connection }) => connection.id);
    expect(engine.members("lobby", "connections").map(({ id }) => id)).toEqual(ids);
    alsoBob.wire.hangUp();
    bob.wire.hangUp();
    const member = { user: "bob", info: { name: "bob" } };
    expect(told).toEqual([
      { kind: "join", channel: "lobby", member, connection: ids[1], isFirst: true },
      { kind: "join", channel: "lobby", member, connection: ids[2], isFirst: false },
      { kind: "leave", channel: "lobby", member, connection: ids[2], isLast: false },
      { kind: "leave", channel: "lobby", member, connection: ids[1], isLast: true },
    ]);
  });

  it("an anonymous client is there under its connection's id", () => {
    const { client, engine } = world(presence);
    const anonymous = client();
    void anonymous.connect();
    void anonymous.subscribe("lobby");
    expect(engine.members("lobby")).toEqual([{ user: anonymous.connection.id }]);
  });

  it("leaves as it had joined, whatever the connection says since", () => {
    const { connected, engine } = world(presence);
    const [ada, bob] = [connected("ada"), connected("bob")];
    for (const client of [ada, bob]) void client.subscribe("lobby");
    bob.connection.userId = "eve";
    bob.wire.hangUp();
    expect(ada.heard()).toEqual(["subscribed lobby [ada]", "lobby +bob", "lobby -bob"]);
    expect(engine.members("lobby").map(({ user }) => user)).toEqual(["ada"]);
  });

  it("the list of one who took long to join tells more than the comings and goings that it missed", async () => {
    const broker = new PendingBroker();
    const { connected } = world({ ...presence, broker });
    const [ada, bob] = [connected("ada"), connected("bob")];
    broker.channels.add("lobby");
    void bob.subscribe("lobby");
    void ada.subscribe("lobby");
    broker.deliver({ channel: "lobby", event: "x", data: 1, id: "1", time: 0 });
    await broker.finish();
    expect(bob.heard()).toEqual(["subscribed lobby [bob]", "lobby x 1", "lobby +ada"]);
    expect(ada.heard()).toEqual(["subscribed lobby [bob,ada]", "lobby x 1"]);
  });

  it("N04: one who is refused is not seen", async () => {
    const { connected } = world({
      channels: { lobby: { presence: true, authorize: ({ connection }) => connection.userId !== "eve" } },
    });
    const [ada, eve] = [connected("ada"), connected("eve")];
    void ada.subscribe("lobby");
    expect(await codeOf(() => eve.subscribe("lobby"))).toBe("forbidden");
    expect(ada.heard()).toEqual(["subscribed lobby [ada]"]);
  });

  it("is of one channel: others neither list nor hear", () => {
    const { connected, engine } = world({ channels: { "a*": { presence: true } } });
    const [ada, bob] = [connected("ada"), connected("bob")];
    void ada.subscribe("a-1");
    void bob.subscribe("a-2");
    void bob.subscribe("b");
    expect(ada.heard()).toEqual(["subscribed a-1 [ada]"]);
    expect(engine.members("b")).toEqual([]);
    expect(bob.heard()).toEqual(["subscribed a-2 [bob]", "subscribed b"]);
  });
});

describe("a publication in several channels", () => {
  it("is heard once by those who are in more than one of them", async () => {
    const { connected, engine } = world();
    const clients = [connected("ada"), connected("bob"), connected("eve"), connected("sam")];
    const [ada, bob, eve, sam] = clients as [
      (typeof clients)[0],
      (typeof clients)[0],
      (typeof clients)[0],
      (typeof clients)[0],
    ];
    for (const client of [ada, bob]) void client.subscribe("a");
    for (const client of [bob, eve]) void client.subscribe("b");
    for (const client of clients) client.heard();
    await engine.signal({ kind: "union", publications: publications(["a", "b", "nobody's"]) });
    expect(clients.map((client) => client.heard())).toEqual([["a both 1"], ["a both 1"], ["b both 1"], []]);
    await engine.signal({ kind: "union", publications: publications(["a", "b"], { except: bob.connection.id }) });
    expect(clients.map((client) => client.heard())).toEqual([["a both 1"], [], ["b both 1"], []]);
    expect(sam.heard()).toEqual([]);
    expect(engine.stats()).toMatchObject({ delivered: 5 });
  });

  it("is held for those who are joining, and heard once", async () => {
    const broker = new PendingBroker();
    const { connected, engine } = world({ broker });
    const ada = connected("ada");
    void ada.subscribe("a");
    void ada.subscribe("b");
    void engine.signal({ kind: "union", publications: publications(["a", "b"]) });
    await broker.finish();
    expect(ada.heard()).toEqual(["subscribed a"]);
    // The order of the calls was: subscribe a, subscribe b, signal.
    await broker.finish(2);
    expect(ada.heard()).toEqual(["a both 1", "subscribed b"]);
  });

  it("is held for one who is joining and in no other of the channels", async () => {
    const broker = new PendingBroker();
    const { connected, engine } = world({ broker });
    const [ada, bob] = [connected("ada"), connected("bob")];
    for (const client of [ada, bob]) void client.subscribe("b");
    void engine.signal({ kind: "union", publications: publications(["a", "b"], { except: bob.connection.id }) });
    // At once, so that the signal comes before the engine has heard that the channel is ready.
    await broker.finish(2);
    expect(ada.heard()).toEqual(["subscribed b", "b both 1"]);
    expect(bob.heard()).toEqual(["subscribed b"]);
  });

  it("reaches the server's listeners of each channel", async () => {
    const { engine } = world();
    const heard: string[] = [];
    for (const name of ["a", "b"]) await engine.listen(name, ({ channel }) => heard.push(channel));
    await engine.signal({ kind: "union", publications: publications(["a", "b"]) });
    expect(heard).toEqual(["a", "b"]);
  });
});

describe("an event for everyone", () => {
  it("reaches all who are connected and no others, in channels or not", async () => {
    const { client, connected, engine } = world();
    const [ada, bob, early] = [connected("ada"), connected("bob"), client()];
    void ada.subscribe("lobby");
    ada.heard();
    await engine.signal({ kind: "event", event: "news", data: 1 });
    await engine.signal({ kind: "event", event: "others", data: 2, except: bob.connection.id });
    await engine.signal({ kind: "event", event: "all", data: 3, except: "unknown" });
    expect(ada.heard()).toEqual(["! news 1", "! others 2", "! all 3"]);
    expect(bob.heard()).toEqual(["! news 1", "! all 3"]);
    expect(early.heard()).toEqual([]);
    expect(engine.stats()).toMatchObject({ delivered: 5 });
  });

  it("may be a batch", async () => {
    const { connected, engine } = world();
    const ada = connected("ada");
    await engine.signal({ kind: "event", event: "tick", data: [1, 2], batch: true });
    expect(ada.heard()).toEqual(["! tick × [1,2]"]);
  });

  it("may be for those that a filter accepts", () => {
    const { connected, engine } = world();
    const [ada, bob] = [connected("ada"), connected("bob")];
    engine.sendWhere("news", 1, ({ userId }) => userId === "bob");
    expect([ada.heard(), bob.heard()]).toEqual([[], ["! news 1"]]);
  });

  it("N07: may not be called by a reserved name", async () => {
    const { engine } = world();
    expect(await codeOf(() => engine.signal({ kind: "event", event: "error", data: 1 }))).toBe("event-name-invalid");
    expect(() => engine.sendWhere("connect", 1, () => true)).toThrow(
      expect.objectContaining({ code: "event-name-invalid" }),
    );
  });
});

describe("the server's own hand", () => {
  it("subscribes and unsubscribes a client, which is told once", async () => {
    const { connected, engine } = world();
    const ada = connected("ada");
    await ada.connection.subscribe("lobby");
    await engine.publish(engine.compose({ channel: "lobby", event: "x", data: 1 }));
    await ada.connection.unsubscribe("lobby");
    await ada.connection.unsubscribe("lobby");
    await engine.publish(engine.compose({ channel: "lobby", event: "x", data: 2 }));
    expect(ada.heard()).toEqual(["server subscribed lobby", "lobby x 1", "server unsubscribed lobby"]);
    expect(engine.stats()).toMatchObject({ channels: 0, subscriptions: 0 });
  });

  it("may not do what is impossible", async () => {
    const ada = world().connected("ada");
    await ada.connection.subscribe("lobby");
    expect(await codeOf(() => ada.connection.subscribe("lobby"))).toBe("already-subscribed");
    expect(await codeOf(() => ada.connection.subscribe(""))).toBe("channel-name-invalid");
  });

  it("N28: takes a client out that is just joining: the server's word is the last", async () => {
    const broker = new PendingBroker();
    const { connected, engine } = world({ broker });
    const ada = connected("ada");
    const code = codeOf(() => ada.subscribe("lobby"));
    await ada.connection.unsubscribe("lobby");
    await broker.finishAll();
    expect(await code).toBe("closed");
    expect(ada.heard()).toEqual(["server unsubscribed lobby"]);
    expect(engine.stats()).toMatchObject({ channels: 0, subscriptions: 0 });
  });

  it("lists who is subscribed on this node", () => {
    const { connected, engine } = world();
    const [ada, bob] = [connected("ada"), connected("bob")];
    void ada.subscribe("lobby");
    void bob.subscribe("other");
    expect([...engine.subscribers("lobby")]).toEqual([ada.connection]);
    expect([...engine.subscribers("nobody's")]).toEqual([]);
  });

  it("publishes nothing under a name that is none", () => {
    const { engine } = world();
    expect(() => engine.compose({ channel: "", event: "x", data: 1 })).toThrow(
      expect.objectContaining({ code: "channel-name-invalid" }),
    );
    expect(() => engine.compose({ channel: "c", event: "error", data: 1 })).toThrow(
      expect.objectContaining({ code: "event-name-invalid" }),
    );
  });
});

describe("trouble", () => {
  it.each(["throws", "rejects"])(
    "a broker that %s: the publisher is told, the application too, and nothing is counted",
    async (how) => {
      const cause = new Error("gone");
      const fail = (): Promise<never> => {
        if (how === "throws") throw cause;
        return Promise.reject(cause);
      };
      const { application, connected, engine } = world({ broker: { ...memoryBroker(), publish: fail, signal: fail } });
      const ada = connected("ada");
      void ada.subscribe("lobby");
      expect(await codeOf(() => ada.publish("lobby", "chat"))).toBe("broker-unavailable");
      expect(await codeOf(() => engine.signal({ kind: "event", event: "x", data: 1 }))).toBe("broker-unavailable");
      expect(application.reported).toMatchObject([
        { error: { code: "broker-unavailable", cause } },
        { error: { code: "broker-unavailable", cause } },
      ]);
      expect(engine.stats()).toMatchObject({ published: 0, failures: 2 });
    },
  );

  it("an encoder that fails is reported, harms its own clients only, and not even their connection", async () => {
    const { application, connected, engine } = world();
    const fragile = { encode: () => [JSON.stringify({ n: 1n })] };
    const [ada, bob] = [connected("ada"), connected("bob", { encoder: fragile })];
    for (const client of [ada, bob]) void client.subscribe("lobby");
    await engine.publish(engine.compose({ channel: "lobby", event: "x", data: 1 }));
    bob.connection.send("direct", 1);
    expect(ada.heard()).toEqual(["subscribed lobby", "lobby x 1"]);
    expect(bob.heard()).toEqual(["subscribed lobby"]);
    expect(application.failureCodes).toEqual(["payload-invalid", "payload-invalid"]);
    expect(bob.wire.isOpen).toBe(true);
  });

  it("two dialects in one channel hear the same, each in its own words", () => {
    const { connected } = world();
    const loud = {
      encode: (delivery: Parameters<typeof textEncoder.encode>[0]) => [
        String(textEncoder.encode(delivery)).toUpperCase(),
      ],
    };
    const [ada, bob] = [connected("ada"), connected("bob", { encoder: loud })];
    for (const client of [ada, bob]) void client.subscribe("lobby");
    void ada.publish("lobby", "chat", 1);
    expect(ada.heard()).toEqual(["subscribed lobby", "lobby chat 1"]);
    expect(bob.heard()).toEqual(["subscribed lobby", "LOBBY CHAT 1"]);
  });
});
