import { describe, expect, it } from "vitest";
import type { Identity } from "../../src/engine/application.ts";
import { defaultLimits, type Limits } from "../../src/engine/limits.ts";
import type { Publication } from "../../src/engine/publication.ts";
import { codeOf, gate, nothingLeft, PendingBroker, world, type TestClient, type World } from "./support.ts";

const publication = (number: number): Publication => ({
  channel: "lobby",
  event: "x",
  data: number,
  id: `${number}`,
  time: 0,
});

describe("limits", () => {
  it("are, by default, those that are documented", () => {
    expect(defaultLimits).toEqual({
      subscriptions: 128,
      pendingRequests: 256,
      heldDeliveries: 300,
      recoveredPublications: 300,
      recoveredBytes: 1_048_576,
      whispersPerSecond: 10,
      presenceGraceMs: 5_000,
      presenceChangesPerSecond: 100,
      channels: 1_000_000,
      infoBytes: 1_024,
      brokerTimeoutMs: 10_000,
      connectionsPerUser: 100,
      channelBytesPerSecond: 134_217_728,
    });
  });

  it("N13, L8: 128 subscriptions and not 129, until one is left", async () => {
    const { connected, engine } = world();
    const ada = connected("ada");
    for (let count = 1; count <= 128; count += 1) void ada.subscribe(`c-${count}`);
    expect(await codeOf(() => ada.subscribe("c-129"))).toBe("limit-exceeded");
    expect(await codeOf(() => ada.connection.subscribe("c-129"))).toBe("limit-exceeded");
    expect(engine.stats()).toMatchObject({ channels: 128, subscriptions: 128 });
    ada.unsubscribe("c-1");
    void ada.subscribe("c-129");
    expect(ada.connection.channels).toHaveLength(128);
  });

  it("N13: attempts that wait for the application's word count when they are let in", async () => {
    const asked = gate<boolean>();
    const channels = { "slow-*": { authorize: () => asked.passed } };
    const { connected, engine } = world({ channels, limits: { subscriptions: 2 } });
    const ada = connected("ada");
    const codes = [1, 2, 3].map((count) => codeOf(() => ada.subscribe(`slow-${count}`)));
    await asked.open(true);
    expect(await Promise.all(codes)).toEqual([undefined, undefined, "limit-exceeded"]);
    expect(engine.stats()).toMatchObject({ channels: 2, subscriptions: 2 });
  });

  it("N13: subscriptions that the broker has not confirmed count", async () => {
    const broker = new PendingBroker();
    const { connected } = world({ broker, limits: { subscriptions: 1 } });
    const ada = connected("ada");
    void ada.subscribe("a");
    expect(await codeOf(() => ada.subscribe("b"))).toBe("limit-exceeded");
  });

  it("L8: as many channels as a node may have, and not one more until one is left", async () => {
    const { connected, engine } = world({ limits: { channels: 2 } });
    const [ada, bob] = [connected("ada"), connected("bob")];
    await ada.subscribe("a");
    const end = await engine.listen("b", () => undefined);
    expect(await codeOf(() => bob.subscribe("c"))).toBe("limit-exceeded");
    expect(await codeOf(() => engine.listen("c", () => undefined))).toBe("limit-exceeded");
    expect(bob.connection.channels).toEqual([]);
    await bob.subscribe("a");
    end();
    await bob.subscribe("c");
    expect(engine.stats()).toMatchObject({ channels: 2, subscriptions: 3 });
  });

  describe("connectionsPerUser", () => {
    const named = (limits: Partial<Limits> = {}): World => {
      const made = world({ limits });
      // Everybody is who the token says.
      made.application.authenticate = ({ token }) => (token === undefined ? {} : { userId: token });
      return made;
    };
    const open = (made: World, user?: string): TestClient => {
      const one = made.client();
      void one.connect(user);
      return one;
    };

    it("A16: a user has 100 connections and not 101, until one of them is over", async () => {
      const made = named();
      const all = Array.from({ length: 100 }, () => open(made, "ada"));
      const refused = made.client();
      expect(await codeOf(() => refused.connect("ada"))).toBe("limit-exceeded");
      expect(made.application.refusals).toMatchObject([
        { action: "connect", family: "rate", connection: { userId: "ada" } },
      ]);
      expect(made.engine.stats()).toMatchObject({ connections: 100, refused: 1 });
      // What was refused counted for nothing, so its end makes no room.
      refused.wire.destroy();
      expect(await codeOf(() => made.client().connect("ada"))).toBe("limit-exceeded");
      all[0]!.wire.destroy();
      expect(open(made, "ada").connection.isOpen).toBe(true);
      expect(await codeOf(() => made.client().connect("ada"))).toBe("limit-exceeded");
    });

    it("A16: other users have their own, and who has no name is not counted", () => {
      const made = named({ connectionsPerUser: 1 });
      for (const user of ["ada", "bob", "__proto__", undefined, undefined]) {
        expect(open(made, user).connection.isOpen, user).toBe(true);
      }
    });

    it("A16: those that wait for their client count once, before they come back and after", async () => {
      const made = named({ connectionsPerUser: 2 });
      const { connection } = open(made, "ada");
      made.engine.suspend(connection, { code: 1006, reason: "" });
      open(made, "ada");
      expect(await codeOf(() => made.client().connect("ada"))).toBe("limit-exceeded");
      made.engine.resume(connection);
      expect(await codeOf(() => made.client().connect("ada"))).toBe("limit-exceeded");
      made.engine.disconnect(connection, { code: 1000, reason: "" });
      made.engine.disconnect(connection, { code: 1000, reason: "" });
      expect(open(made, "ada").connection.isOpen).toBe(true);
      expect(await codeOf(() => made.client().connect("ada"))).toBe("limit-exceeded");
    });

    it("A16: those that middleware keeps waiting count, until it lets them in or refuses them", async () => {
      const made = named({ connectionsPerUser: 1 });
      const waiting = gate();
      made.application.middleware.push(() => waiting.passed);
      const first = made.client();
      const code = codeOf(() => first.connect("ada"));
      expect(await codeOf(() => made.client().connect("ada"))).toBe("limit-exceeded");
      await waiting.open();
      expect(await code).toBe("forbidden");
      made.application.middleware.pop();
      first.wire.destroy();
      expect(open(made, "ada").connection.isOpen).toBe(true);
    });

    it("A16: a client that was gone before its name was known leaves nothing behind", async () => {
      const made = named({ connectionsPerUser: 1 });
      const asked = gate<Identity>();
      made.application.authenticate = () => asked.passed;
      const gone = made.client();
      const code = codeOf(() => gone.connect());
      gone.wire.destroy();
      await asked.open({ userId: "ada" });
      expect(await code).toBe("closed");
      made.application.authenticate = () => ({ userId: "ada" });
      expect(open(made).connection.isOpen).toBe(true);
    });
  });

  it("L18: 300 deliveries are held for a subscription that is not ready, and the 301st closes the client as slow", async () => {
    const broker = new PendingBroker();
    const { connected, engine } = world({ broker });
    const [ada, bob] = [connected("ada"), connected("bob")];
    broker.channels.add("lobby");
    void ada.subscribe("lobby");
    const code = codeOf(() => bob.subscribe("lobby"));
    const except = { except: ada.connection.id };
    for (let number = 1; number <= 300; number += 1) broker.deliver(publication(number));
    expect([ada.wire.isOpen, bob.wire.isOpen]).toEqual([true, true]);
    broker.deliver({ ...publication(301), ...except });
    expect(ada.wire.isOpen).toBe(true);
    expect(bob.wire.closing).toMatchObject({ code: 4508 });
    await broker.finishAll();
    expect(await code).toBe("closed");
    expect(ada.heard()).toHaveLength(301);
    expect(bob.heard()).toEqual([]);
    expect(engine.stats()).toMatchObject({ connections: 1, channels: 1, subscriptions: 1 });
  });

  it("L18: the same for a client that does not answer the close: it is closed once, and holds no more", async () => {
    const broker = new PendingBroker();
    const { connected } = world({ broker, limits: { heldDeliveries: 2 } });
    const ada = connected("ada", { peerAnswersClose: false });
    broker.channels.add("lobby");
    void ada.subscribe("lobby");
    for (let number = 1; number <= 10; number += 1) broker.deliver(publication(number));
    expect(ada.wire.closing).toMatchObject({ code: 4508 });
    ada.wire.destroy();
    expect(ada.heard()).toEqual([]);
  });

  it("300 deliveries are held for a connection that is not open, and the 301st closes it as slow", async () => {
    for (const count of [300, 301]) {
      const { application, client, engine } = world();
      const waiting = gate();
      application.middleware.push(async (connection, next) => {
        for (let number = 1; number <= count; number += 1) connection.send("x", number);
        await waiting.passed;
        await next();
      });
      const ada = client();
      const code = codeOf(() => ada.connect());
      expect(ada.wire.closing?.code).toBe(count === 300 ? undefined : 4508);
      await waiting.open();
      expect(await code).toBe(count === 300 ? undefined : "closed");
      expect(ada.heard()).toHaveLength(count === 300 ? 301 : 0);
      expect(engine.stats()).toMatchObject(count === 300 ? { connections: 1 } : nothingLeft);
    }
  });

  it("what a channel says to a client that is not open yet is limited, too", async () => {
    const { application, client, engine } = world();
    const waiting = gate();
    application.middleware.push(async (connection) => {
      await connection.subscribe("lobby");
      await waiting.passed;
    });
    const ada = client();
    const code = codeOf(() => ada.connect());
    await Promise.resolve();
    for (let number = 1; number <= 301; number += 1) await engine.publish(publication(number));
    expect(ada.wire.closing).toMatchObject({ code: 4508 });
    await waiting.open();
    expect(await code).not.toBeUndefined();
    expect(engine.stats()).toMatchObject(nothingLeft);
  });
});
