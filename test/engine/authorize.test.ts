import { describe, expect, it } from "vitest";
import type { ChannelAttempt, ChannelRule } from "../../src/engine/channel-rules.ts";
import { CarillonError } from "../../src/errors/carillon-error.ts";
import { codeOf, gate, nothingLeft, world } from "./support.ts";

const later = (allowed: boolean): Promise<boolean> => Promise.resolve(allowed);

describe("authorize, for subscribing", () => {
  it.each<[string, ChannelRule["authorize"]]>([
    ["true", () => true],
    ["true, later", () => later(true)],
  ])("that says %s lets the client in", async (_, authorize) => {
    const { connected } = world({ channels: { "*": { authorize: authorize! } } });
    const ada = connected("ada");
    await ada.subscribe("lobby");
    expect(ada.heard()).toEqual(["subscribed lobby"]);
  });

  it.each<[string, () => unknown]>([
    ["false", () => false],
    ["false, later", () => later(false)],
    ["undefined", () => undefined],
    ["undefined, later", () => Promise.resolve()],
    ["1", () => 1],
    ['"true"', () => "true"],
    ["an object", () => ({})],
    ["a promise of another realm", () => ({ then: (resolve: (value: boolean) => void) => resolve(true) })],
  ])("that says %s refuses with forbidden, which is no failure", async (_, authorize) => {
    const { application, connected, engine } = world({ channels: { "*": { authorize: authorize as () => boolean } } });
    const ada = connected("ada");
    expect(await codeOf(() => ada.subscribe("lobby"))).toBe("forbidden");
    expect(ada.heard()).toEqual([]);
    expect(application.reported).toEqual([]);
    expect(engine.stats()).toMatchObject({ channels: 0, subscriptions: 0 });
  });

  it.each([
    ["a CarillonError refuses with its code", new CarillonError("rate-limited"), "rate-limited", []],
    ["anything else refuses with forbidden, and is reported", new Error("no database"), "forbidden", ["forbidden"]],
  ])("that throws %s, at once or later", async (_, error, code, reported) => {
    const throws = (): boolean => {
      throw error;
    };
    for (const authorize of [throws, () => Promise.reject<boolean>(error)]) {
      const { application, connected } = world({ channels: { "*": { authorize } } });
      const ada = connected("ada");
      expect(await codeOf(() => ada.subscribe("lobby"))).toBe(code);
      expect(application.failureCodes).toEqual(reported);
      for (const failure of application.reported) {
        expect(failure).toMatchObject({
          connection: { id: ada.connection.id },
          channel: "lobby",
          error: { cause: error },
        });
      }
    }
  });

  it("N04: private-* lets nobody in by default, and tells nobody that someone tried", async () => {
    const { connected, engine } = world();
    expect(await codeOf(() => connected("ada").subscribe("private-x"))).toBe("forbidden");
    expect(engine.stats()).toMatchObject({ channels: 0, subscriptions: 0 });
  });

  it("N05: is asked about exactly the name that is subscribed, once, with who asks", async () => {
    const attempts: ChannelAttempt[] = [];
    const authorize = (attempt: ChannelAttempt): boolean => attempts.push(attempt) > 0;
    const { connected } = world({ channels: { "*": { authorize } } });
    const ada = connected("ada");
    await ada.subscribe(" Lobby ");
    expect(attempts).toEqual([{ connection: ada.connection, action: "subscribe", channel: " Lobby " }]);
    expect(ada.connection.channels).toEqual([" Lobby "]);
  });

  it("is not asked about names that are none, or when the client is in the channel already", async () => {
    let asked = 0;
    const { connected } = world({ channels: { "*": { authorize: () => (asked += 1) > 0 } } });
    const ada = connected("ada");
    await ada.subscribe("lobby");
    expect(await codeOf(() => ada.subscribe("lobby"))).toBe("already-subscribed");
    expect(await codeOf(() => ada.subscribe(""))).toBe("channel-name-invalid");
    expect(asked).toBe(1);
  });

  it("is not asked when the server decides", async () => {
    const { connected } = world({ channels: { "*": { authorize: () => false } } });
    const ada = connected("ada");
    await ada.connection.subscribe("private-x");
    expect(ada.heard()).toEqual(["server subscribed private-x"]);
  });

  it("takes its time: two attempts at once leave one subscription", async () => {
    const asked = [gate<boolean>(), gate<boolean>()];
    let next = 0;
    const { connected, engine } = world({ channels: { "*": { authorize: () => asked[next++]!.passed } } });
    const ada = connected("ada");
    const codes = [codeOf(() => ada.subscribe("lobby")), codeOf(() => ada.subscribe("lobby"))];
    await asked[1]!.open(true);
    await asked[0]!.open(true);
    expect(await Promise.all(codes)).toEqual(["already-subscribed", undefined]);
    expect(engine.stats()).toMatchObject({ channels: 1, subscriptions: 1 });
  });

  it("that says yes to a client that is gone leaves nothing", async () => {
    const asked = gate<boolean>();
    const { connected, engine } = world({ channels: { "*": { authorize: () => asked.passed } } });
    const ada = connected("ada");
    const code = codeOf(() => ada.subscribe("lobby"));
    ada.wire.hangUp();
    await asked.open(true);
    expect(await code).toBe("closed");
    expect(engine.stats()).toMatchObject(nothingLeft);
  });
});

describe("publishing, by a client", () => {
  it("N09: by default only subscribers may", async () => {
    const { connected } = world();
    const [ada, bob] = [connected("ada"), connected("bob")];
    void ada.subscribe("lobby");
    expect(await codeOf(() => bob.publish("lobby", "chat"))).toBe("not-subscribed");
    expect(await codeOf(() => ada.publish("lobby", "chat"))).toBeUndefined();
    ada.unsubscribe("lobby");
    expect(await codeOf(() => ada.publish("lobby", "chat"))).toBe("not-subscribed");
  });

  it("where anyone may, one need not be subscribed", async () => {
    const { connected } = world({ channels: { "*": { publish: "anyone" } } });
    const [ada, bob] = [connected("ada"), connected("bob")];
    void ada.subscribe("lobby");
    expect(await codeOf(() => bob.publish("lobby", "chat", 1))).toBeUndefined();
    expect(ada.heard()).toEqual(["subscribed lobby", "lobby chat 1"]);
    expect(await codeOf(() => bob.publish("empty", "chat"))).toBeUndefined();
  });

  it("N09: where the server does, no client may", async () => {
    const { connected, engine } = world({ channels: { "*": { publish: "server" } } });
    const ada = connected("ada");
    void ada.subscribe("lobby");
    expect(await codeOf(() => ada.publish("lobby", "chat"))).toBe("forbidden");
    await engine.publish(engine.compose({ channel: "lobby", event: "news", data: 1 }));
    expect(ada.heard()).toEqual(["subscribed lobby", "lobby news 1"]);
  });

  it("authorize is asked with the event; what it refuses is published nowhere", async () => {
    const attempts: ChannelAttempt[] = [];
    const authorize = (attempt: ChannelAttempt): boolean => attempts.push(attempt) > 0 && attempt.event !== "secret";
    const { connected, engine } = world({ channels: { "*": { authorize } } });
    const ada = connected("ada");
    void ada.subscribe("lobby");
    expect(await codeOf(() => ada.publish("lobby", "chat"))).toBeUndefined();
    expect(await codeOf(() => ada.publish("lobby", "secret"))).toBe("forbidden");
    const { connection } = ada;
    expect(attempts.slice(1)).toEqual([
      { connection, action: "publish", channel: "lobby", event: "chat" },
      { connection, action: "publish", channel: "lobby", event: "secret" },
    ]);
    expect(engine.stats()).toMatchObject({ published: 1 });
  });

  it("N07, L7: names are checked first", async () => {
    const { connected } = world({ channels: { "*": { publish: "anyone" } } });
    const ada = connected("ada");
    expect(await codeOf(() => ada.publish("", "chat"))).toBe("channel-name-invalid");
    expect(await codeOf(() => ada.publish("a\nb", "chat"))).toBe("channel-name-invalid");
    for (const event of ["", "connect", "disconnect", "error", "a\0", "x".repeat(201)]) {
      expect(await codeOf(() => ada.publish("lobby", event))).toBe("event-name-invalid");
    }
  });

  it("N11: who published is what the server knows", () => {
    const { connected, engine, client } = world({ channels: { "*": { publish: "anyone" } } });
    const heard: unknown[] = [];
    void engine.listen("lobby", ({ from }) => heard.push(from));
    const ada = connected("ada");
    const anonymous = client();
    void anonymous.connect();
    void ada.publish("lobby", "chat");
    void anonymous.publish("lobby", "chat");
    void engine.publish(engine.compose({ channel: "lobby", event: "chat", data: 1 }));
    expect(heard).toEqual([{ id: ada.connection.id, user: "ada" }, { id: anonymous.connection.id }, undefined]);
  });

  it("is stamped with an id of its own and the wall clock's time", async () => {
    const { connected, clock, engine } = world({ channels: { "*": { publish: "anyone" } } });
    const heard: unknown[] = [];
    void engine.listen("lobby", ({ id, time }) => heard.push([id, time]));
    clock.setWall(1_000);
    const published = (await connected("ada").publish("lobby", "chat")) as { id: string };
    expect(heard).toEqual([[published.id, 1_000]]);
  });

  it("with echo: false everyone hears it but the publisher; with true or nothing the publisher does, too", () => {
    const { connected } = world();
    const [ada, bob] = [connected("ada"), connected("bob")];
    for (const client of [ada, bob]) void client.subscribe("lobby");
    for (const echo of [false, true]) void ada.publish("lobby", `echo ${echo}`, 1, { echo });
    expect(ada.heard()).toEqual(["subscribed lobby", "lobby echo true 1"]);
    expect(bob.heard()).toEqual(["subscribed lobby", "lobby echo false 1", "lobby echo true 1"]);
  });
});
