import { describe, expect, it } from "vitest";
import { codeOf, nothingLeft, PendingBroker, turn, world } from "./support.ts";

describe("channels over a broker that takes its time", () => {
  it("the first visitor subscribes at the broker, and the others wait for the same", async () => {
    const broker = new PendingBroker();
    const { connected, engine } = world({ broker });
    const [ada, bob] = [connected("ada"), connected("bob")];
    void ada.subscribe("lobby");
    void bob.subscribe("lobby");
    expect(broker.calls).toEqual(["subscribe lobby"]);
    expect([ada.heard(), bob.heard()]).toEqual([[], []]);
    await broker.finish();
    expect([ada.heard(), bob.heard()]).toEqual([["subscribed lobby"], ["subscribed lobby"]]);
    expect(engine.stats()).toMatchObject({ channels: 1, subscriptions: 2 });
  });

  it("a channel that is subscribed is joined at once", async () => {
    const broker = new PendingBroker();
    const { connected } = world({ broker });
    void connected("ada").subscribe("lobby");
    await broker.finish();
    const bob = connected("bob");
    expect(bob.subscribe("lobby")).toBeUndefined();
    expect(bob.heard()).toEqual(["subscribed lobby"]);
    expect(broker.calls).toEqual(["subscribe lobby"]);
  });

  it("the last one who leaves unsubscribes at the broker, and nobody else does", async () => {
    const broker = new PendingBroker();
    const { connected, engine } = world({ broker });
    const [ada, bob] = [connected("ada"), connected("bob")];
    for (const client of [ada, bob]) void client.subscribe("lobby");
    await broker.finish();
    ada.unsubscribe("lobby");
    expect(broker.calls).toEqual(["subscribe lobby"]);
    bob.wire.hangUp();
    expect(broker.calls).toEqual(["subscribe lobby", "unsubscribe lobby"]);
    expect(engine.stats()).toMatchObject({ channels: 0, subscriptions: 0 });
  });

  it("N13: unsubscribing from a channel one is not in does nothing", () => {
    const broker = new PendingBroker();
    const { connected } = world({ broker });
    const ada = connected("ada");
    ada.unsubscribe("lobby");
    expect(broker.calls).toEqual([]);
  });

  it("leaving while subscribing and coming back keeps the broker's calls in order", async () => {
    const broker = new PendingBroker();
    const { connected, engine } = world({ broker });
    const ada = connected("ada");
    const first = codeOf(() => ada.subscribe("lobby"));
    ada.unsubscribe("lobby");
    void ada.subscribe("lobby");
    expect(broker.calls).toEqual(["subscribe lobby", "unsubscribe lobby", "subscribe lobby"]);
    await broker.finishAll();
    expect(await first).toBe("closed");
    expect(ada.heard()).toEqual(["subscribed lobby"]);
    expect(broker.channels).toEqual(new Set(["lobby"]));
    expect(engine.stats()).toMatchObject({ channels: 1, subscriptions: 1 });
  });

  it("a subscription that fails fails for all who wait, leaves nothing, and the next one tries afresh", async () => {
    const broker = new PendingBroker();
    const { application, connected, engine } = world({ broker });
    const [ada, bob] = [connected("ada"), connected("bob")];
    const failed = [ada, bob].map((client) => codeOf(() => client.subscribe("lobby")));
    await broker.fail();
    expect(await Promise.all(failed)).toEqual(["broker-unavailable", "broker-unavailable"]);
    expect(engine.stats()).toMatchObject({ channels: 0, subscriptions: 0 });
    expect(ada.connection.channels).toEqual([]);
    expect(new Set(application.failureCodes)).toEqual(new Set(["broker-unavailable"]));
    void ada.subscribe("lobby");
    await broker.finish();
    expect(ada.heard()).toEqual(["subscribed lobby"]);
    expect(broker.calls).toEqual(["subscribe lobby", "subscribe lobby"]);
  });

  it("a failure that comes after everyone left harms nobody who came since", async () => {
    const broker = new PendingBroker();
    const { connected, engine } = world({ broker });
    const ada = connected("ada");
    const failed = codeOf(() => ada.subscribe("lobby"));
    ada.unsubscribe("lobby");
    void ada.subscribe("lobby");
    await broker.fail();
    await broker.finishAll();
    expect(await failed).toBe("broker-unavailable");
    expect(ada.heard()).toEqual(["subscribed lobby"]);
    expect(engine.stats()).toMatchObject({ channels: 1, subscriptions: 1 });
    broker.deliver({ channel: "lobby", event: "news", data: 1, id: "x", time: 0 });
    expect(ada.heard()).toEqual(["lobby news 1"]);
  });

  it("a broker that throws instead of rejecting is the same", async () => {
    const broker = new PendingBroker();
    broker.subscribe = () => {
      throw new Error("not now");
    };
    const { application, connected, engine } = world({ broker });
    expect(await codeOf(() => connected("ada").subscribe("lobby"))).toBe("broker-unavailable");
    expect(application.failureCodes).toEqual(["broker-unavailable"]);
    expect(engine.stats()).toMatchObject({ channels: 0, subscriptions: 0 });
  });

  it.each(["throws", "rejects"])(
    "an unsubscribe that %s is reported and changes nothing for the client",
    async (how) => {
      const broker = new PendingBroker();
      broker.unsubscribe = () => {
        if (how === "throws") throw new Error("not now");
        return Promise.reject(new Error("not now"));
      };
      const { application, connected, engine } = world({ broker });
      const ada = connected("ada");
      void ada.subscribe("lobby");
      await broker.finish();
      ada.unsubscribe("lobby");
      await turn();
      expect(application.failureCodes).toEqual(["broker-unavailable"]);
      expect(engine.stats()).toMatchObject({ channels: 0, subscriptions: 0 });
    },
  );

  it("what arrives while a client is joining is heard after its reply, each once", async () => {
    const broker = new PendingBroker();
    const { connected } = world({ broker });
    const [ada, bob] = [connected("ada"), connected("bob")];
    for (const client of [ada, bob]) void client.subscribe("lobby");
    // The broker may send before it has said that it does.
    broker.channels.add("lobby");
    broker.deliver({ channel: "lobby", event: "first", data: 1, id: "1", time: 0 });
    broker.deliver({ channel: "lobby", event: "not for ada", data: 2, id: "2", time: 0, except: ada.connection.id });
    expect([ada.heard(), bob.heard()]).toEqual([[], []]);
    await broker.finish();
    broker.deliver({ channel: "lobby", event: "live", data: 3, id: "3", time: 0 });
    expect(ada.heard()).toEqual(["subscribed lobby", "lobby first 1", "lobby live 3"]);
    expect(bob.heard()).toEqual(["subscribed lobby", "lobby first 1", "lobby not for ada 2", "lobby live 3"]);
  });

  it("N14: subscribing and unsubscribing 10,000 times leaves nothing", async () => {
    const { connected, engine, clock } = world();
    const ada = connected("ada");
    for (let count = 0; count < 10_000; count += 1) {
      void ada.subscribe(`c-${count % 7}`);
      ada.unsubscribe(`c-${count % 7}`);
    }
    ada.wire.hangUp();
    expect(engine.stats()).toMatchObject(nothingLeft);
    expect(clock.timers).toBe(0);
  });
});

describe("listening to a channel on the server", () => {
  it("hears what is published, by whomever, until it is stopped", async () => {
    const { connected, engine } = world();
    const ada = connected("ada");
    void ada.subscribe("lobby");
    const heard: unknown[] = [];
    const stop = await engine.listen("lobby", ({ event, from }) => heard.push([event, from?.user]));
    void ada.publish("lobby", "by ada");
    void engine.publish(engine.compose({ channel: "lobby", event: "by the server", data: 1 }));
    stop();
    stop();
    void ada.publish("lobby", "late");
    expect(heard).toEqual([
      ["by ada", "ada"],
      ["by the server", undefined],
    ]);
  });

  it("stopped once more, when others are in the channel since, leaves them there", async () => {
    const { connected, engine } = world();
    const stop = await engine.listen("lobby", () => undefined);
    stop();
    const ada = connected("ada");
    void ada.subscribe("lobby");
    stop();
    void ada.publish("lobby", "chat", 1);
    expect(ada.heard()).toEqual(["subscribed lobby", "lobby chat 1"]);
    expect(engine.stats()).toMatchObject({ channels: 1, subscriptions: 1 });
  });

  it("keeps a channel without clients open at the broker, and lets go of it at the end", async () => {
    const broker = new PendingBroker();
    const { engine } = world({ broker });
    const listening = engine.listen("lobby", () => undefined);
    await broker.finish();
    const stop = await listening;
    expect(engine.stats()).toMatchObject({ channels: 1, subscriptions: 0 });
    stop();
    expect(broker.calls).toEqual(["subscribe lobby", "unsubscribe lobby"]);
    expect(engine.stats()).toMatchObject({ channels: 0 });
  });

  it("fails when the broker does, and leaves nothing", async () => {
    const broker = new PendingBroker();
    const { engine, application } = world({ broker });
    const failed = codeOf(() => engine.listen("lobby", () => undefined));
    await broker.fail();
    expect(await failed).toBe("broker-unavailable");
    expect(application.failureCodes).toEqual(["broker-unavailable"]);
    expect(engine.stats()).toMatchObject({ channels: 0 });
  });

  it("refuses a name that is none", async () => {
    expect(await codeOf(() => world().engine.listen("", () => undefined))).toBe("channel-name-invalid");
  });

  it("a listener that throws is reported, and the others and the clients still hear", async () => {
    const { application, connected, engine } = world();
    const ada = connected("ada");
    void ada.subscribe("lobby");
    const heard: string[] = [];
    await engine.listen("lobby", () => {
      throw new Error("broken");
    });
    await engine.listen("lobby", ({ event }) => heard.push(event));
    void ada.publish("lobby", "chat", 1);
    expect(heard).toEqual(["chat"]);
    expect(ada.heard()).toEqual(["subscribed lobby", "lobby chat 1"]);
    expect(application.reported).toMatchObject([
      { error: { code: "handler-failed" }, channel: "lobby", event: "chat" },
    ]);
  });

  it("the same function may listen twice, and is stopped one by one", async () => {
    const { engine } = world();
    let count = 0;
    const listener = (): void => void (count += 1);
    const stops = [await engine.listen("lobby", listener), await engine.listen("lobby", listener)];
    const publish = (): unknown => engine.publish(engine.compose({ channel: "lobby", event: "x", data: 1 }));
    void publish();
    stops[0]!();
    void publish();
    expect(count).toBe(3);
  });
});
