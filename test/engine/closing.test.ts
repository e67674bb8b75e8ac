import { describe, expect, it } from "vitest";
import type { ChannelRule } from "../../src/engine/channel-rules.ts";
import { codeOf, gate, nothingLeft, PendingBroker, turn, world, type TestClient, type World } from "./support.ts";

interface Stage {
  readonly world: World;
  readonly broker: PendingBroker;
  /** Passes whatever the application is asked. */
  readonly decide: ReturnType<typeof gate<boolean>>;
}

interface Phase {
  /** Brings a client into the phase; what it returns is still pending. */
  begin(stage: Stage, client: TestClient): Promise<unknown>;
  readonly connects: boolean;
}

const channels = (stage: { decide: Stage["decide"] }): Readonly<Record<string, ChannelRule>> => ({
  "asked-*": { authorize: () => stage.decide.passed },
  "presence-*": { presence: true },
});

const phases: Readonly<Record<string, Phase>> = {
  "authenticate is pending": {
    connects: false,
    begin({ world: { application }, decide }, client) {
      application.authenticate = async () => {
        await decide.passed;
        return { userId: "ada" };
      };
      return codeOf(() => client.connect());
    },
  },
  "middleware is pending": {
    connects: false,
    begin({ world: { application }, decide }, client) {
      application.middleware.push(async (_, next) => {
        await decide.passed;
        await next();
      });
      return codeOf(() => client.connect());
    },
  },
  "middleware subscribes it": {
    connects: false,
    begin({ world: { application } }, client) {
      application.middleware.push(async (connection, next) => {
        await connection.subscribe("presence-lobby");
        await next();
      });
      return codeOf(() => client.connect());
    },
  },
  "authorize is pending": {
    connects: true,
    begin(_, client) {
      void client.connect();
      return codeOf(() => client.subscribe("asked-lobby"));
    },
  },
  "the broker is subscribing": {
    connects: true,
    begin(_, client) {
      void client.connect();
      return codeOf(() => client.subscribe("presence-lobby"));
    },
  },
  "the server is subscribing it": {
    connects: true,
    begin(_, client) {
      void client.connect();
      return codeOf(() => client.connection.subscribe("lobby"));
    },
  },
  "it is asked something": {
    connects: true,
    begin(_, client) {
      void client.connect();
      return codeOf(() => client.connection.request("where"));
    },
  },
  "its publication is pending": {
    connects: true,
    async begin({ broker }, client) {
      void client.connect();
      void client.subscribe("lobby");
      await broker.finish();
      return { pending: codeOf(() => client.publish("lobby", "chat")) };
    },
  },
  "the broker is unsubscribing": {
    connects: true,
    async begin({ broker }, client) {
      void client.connect();
      void client.subscribe("lobby");
      await broker.finish();
      client.unsubscribe("lobby");
    },
  },
};

describe("a client that goes while", () => {
  it.each(Object.entries(phases))("%s leaves no trace", async (_, { begin, connects }) => {
    const decide = gate<boolean>();
    const broker = new PendingBroker();
    const made = world({ broker, channels: channels({ decide }) });
    const { application, client, clock, engine } = made;
    const leaving = client();
    const pending = begin({ world: made, broker, decide }, leaving);
    await turn();
    leaving.wire.hangUp();
    leaving.heard();
    await decide.open(true);
    await broker.finishAll();
    await pending;
    expect(engine.stats()).toMatchObject(nothingLeft);
    expect([application.connects.length, application.disconnects.length]).toEqual(connects ? [1, 1] : [0, 0]);
    expect(application.reported).toEqual([]);
    expect(leaving.heard()).toEqual([]);
    expect(clock.timers).toBe(0);
    expect(broker.channels).toEqual(new Set());
    expect([...engine.connections()]).toEqual([]);
    expect(leaving.connection.channels).toEqual([]);
  });

  it("its subscription is ready but not started leaves no trace, and starting it then is harmless", async () => {
    const { connected, engine } = world({ channels: { "*": { presence: true } } });
    const [ada, bob] = [connected("ada"), connected("bob")];
    void bob.subscribe("lobby");
    const joined = await engine.join(ada.connection, "lobby");
    ada.wire.hangUp();
    joined.start();
    expect(engine.stats()).toMatchObject({ connections: 1, channels: 1, subscriptions: 1 });
    expect(bob.heard()).toEqual(["subscribed lobby [bob]", "lobby +ada", "lobby -ada"]);
    bob.wire.hangUp();
    joined.start();
    expect(engine.stats()).toMatchObject(nothingLeft);
  });

  it("others stay leaves them as they were", () => {
    const { connected, engine } = world();
    const [ada, bob] = [connected("ada"), connected("bob")];
    for (const client of [ada, bob]) for (const channel of ["a", "b"]) void client.subscribe(channel);
    ada.wire.hangUp();
    expect(engine.stats()).toMatchObject({ connections: 1, channels: 2, subscriptions: 2 });
    void bob.publish("a", "x", 1);
    expect(bob.heard()).toEqual(["subscribed a", "subscribed b", "a x 1"]);
  });
});

describe("starting a subscription", () => {
  it("twice is harmless", async () => {
    const { connected, engine } = world();
    const ada = connected("ada");
    const joined = await engine.join(ada.connection, "lobby");
    joined.start();
    joined.start();
    void ada.publish("lobby", "x", 1);
    expect(ada.heard()).toEqual(["lobby x 1"]);
  });

  it("after leaving is harmless", async () => {
    const { connected, engine } = world();
    const ada = connected("ada");
    const joined = await engine.join(ada.connection, "lobby");
    ada.unsubscribe("lobby");
    joined.start();
    await engine.publish(engine.compose({ channel: "lobby", event: "x", data: 1 }));
    expect(ada.heard()).toEqual([]);
    expect(engine.stats()).toMatchObject({ channels: 0, subscriptions: 0 });
  });
});

describe("closing the engine", () => {
  it("closes the broker", async () => {
    const broker = new PendingBroker();
    await world({ broker }).engine.close();
    expect(broker.isClosed).toBe(true);
  });
});
