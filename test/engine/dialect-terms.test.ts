import { describe, expect, it } from "vitest";
import type { Encoder } from "../../src/engine/ports/encoder.ts";
import { codeOf, world } from "./support.ts";

/** Shows the words that came with a publication. */
const sources: Encoder = {
  encode: (delivery) =>
    delivery.kind === "publication" ? [delivery.publication.source?.text ?? "translated"] : undefined,
};

const source = { dialect: "made-up", text: "{ verbatim }" };

describe("a channel that a dialect declares", () => {
  const rule = { publish: "server", state: true } as const;

  it("behaves as declared until that is ended", async () => {
    const { engine, connected } = world();
    const end = engine.declare("room", rule);
    const ada = connected("ada");
    void ada.subscribe("room");
    expect(await codeOf(() => ada.publish("room", "x"))).toBe("forbidden");
    void engine.publish(engine.compose({ channel: "room", event: "x", data: 1, stateKey: "k" }));
    ada.unsubscribe("room");
    end();
    end();
    void ada.subscribe("room");
    void ada.publish("room", "x", 2);
    expect(ada.heard().at(-1)).toBe("room x 2");
  });

  it("behaves as the application's own rule says where that says something", () => {
    const { engine, connected } = world({ channels: { room: { publish: "anyone" } } });
    engine.declare("room", rule);
    const ada = connected("ada");
    void ada.publish("room", "x", 1, { stateKey: "k" });
    void ada.subscribe("room");
    expect(ada.heard()).toEqual(["subscribed room", "room x 1"]);
  });

  it("ending an earlier declaration leaves the later one", async () => {
    const { engine, connected } = world();
    const end = engine.declare("room", {});
    engine.declare("room", rule);
    end();
    const ada = connected("ada");
    void ada.subscribe("room");
    expect(await codeOf(() => ada.publish("room", "x"))).toBe("forbidden");
  });

  it("means its name and no pattern", () => {
    const { engine, connected } = world();
    engine.declare("room*", rule);
    const ada = connected("ada");
    void ada.subscribe("rooms");
    void ada.publish("rooms", "x", 1);
    expect(ada.heard().at(-1)).toBe("rooms x 1");
  });
});

describe("what a dialect has asked itself", () => {
  it("lets its client in, publish and whisper where the channel's rule would not have been asked for it", async () => {
    const { engine, connected } = world();
    const [ada, bob] = [connected("ada"), connected("bob")];
    expect(await codeOf(() => ada.subscribe("private-a"))).toBe("forbidden");
    for (const { connection } of [ada, bob]) {
      const { start } = await engine.joinUnasked(connection, "private-a");
      start();
    }
    expect(await codeOf(() => ada.publish("private-a", "x"))).toBe("forbidden");
    void engine.publishFrom(ada.connection, { channel: "private-a", event: "x" }, { isAuthorized: true });
    void engine.whisperFrom(ada.connection, { channel: "private-a", event: "y" }, { isAuthorized: true });
    expect(bob.heard()).toEqual(["private-a x undefined", "private-a ~ada y undefined"]);
  });

  it("lets it whisper where nobody does", async () => {
    const { engine, connected } = world({ channels: { lobby: { whispers: false } } });
    const [ada, bob] = [connected("ada"), connected("bob")];
    for (const client of [ada, bob]) void client.subscribe("lobby");
    bob.heard();
    expect(await codeOf(() => ada.whisper("lobby", "y"))).toBe("forbidden");
    void engine.whisperFrom(ada.connection, { channel: "lobby", event: "y" }, { isAuthorized: true });
    expect(bob.heard()).toEqual(["lobby ~ada y undefined"]);
  });

  it("lets nobody whisper or publish where they are not", async () => {
    const { engine, connected } = world();
    const { connection } = connected("ada");
    const request = { channel: "lobby", event: "x" };
    expect(await codeOf(() => engine.publishFrom(connection, request, { isAuthorized: true }))).toBe("not-subscribed");
    expect(await codeOf(() => engine.whisperFrom(connection, request, { isAuthorized: true }))).toBe("not-subscribed");
  });
});

describe("a client's own words", () => {
  it("come with what it publishes", () => {
    const { engine, connected } = world();
    const ada = connected("ada", { encoder: sources });
    void ada.subscribe("room");
    ada.heard();
    void engine.publishFrom(ada.connection, { channel: "room", event: "x", data: { a: 1 } }, { source });
    expect(ada.heard()).toEqual(["{ verbatim }"]);
  });

  it.each([
    ["an object", { a: 1 }, (data: { a: number }) => void (data.a = 2)],
    ["bytes", Uint8Array.of(1), (data: Uint8Array) => void (data[0] = 2)],
    ["a list in a list", [[1]], (data: number[][]) => void data[0]!.push(2)],
    ["a number to one that JSON has not", { a: 1 }, (data: { a: unknown }) => void (data.a = 1n)],
    ["an object to one that holds itself", { a: {} }, (data: { a: unknown }) => void (data.a = data)],
  ])("are left out when the application has changed %s in place", (_, data, change) => {
    const { engine, application, connected } = world();
    application.interceptors.push((message) => change(message.data as never));
    const ada = connected("ada", { encoder: sources });
    void ada.subscribe("room");
    ada.heard();
    void engine.publishFrom(ada.connection, { channel: "room", event: "x", data }, { source });
    expect(ada.heard()).toEqual(["translated"]);
  });

  it("stay when the application has only looked, and when they say nothing of what it changed", () => {
    const { engine, application, connected } = world();
    const ada = connected("ada", { encoder: sources });
    void ada.subscribe("room");
    ada.heard();
    const say = (isSourceDataless: boolean): void => {
      const terms = { source, isSourceDataless };
      void engine.publishFrom(ada.connection, { channel: "room", event: "x", data: { a: 1 } }, terms);
    };
    application.interceptors.push(() => undefined);
    say(false);
    application.interceptors.push(({ data }) => void ((data as { a: number }).a = 2));
    say(true);
    expect(ada.heard()).toEqual(["{ verbatim }", "{ verbatim }"]);
  });

  it("are left out when the application has changed what they say", () => {
    const { engine, application, connected } = world();
    application.interceptors.push((message) => {
      message.data = { a: 2 };
    });
    const ada = connected("ada", { encoder: sources });
    void ada.subscribe("room");
    ada.heard();
    void engine.publishFrom(ada.connection, { channel: "room", event: "x", data: { a: 1 } }, { source });
    expect(ada.heard()).toEqual(["translated"]);
  });
});

it("a dialect's own way to say who a client is comes before the application's", async () => {
  const { engine, application, client } = world();
  application.authenticate = () => undefined;
  const ada = client();
  void engine.connect(
    ada.connection,
    undefined,
    () => undefined,
    () => ({ userId: "ada" }),
  );
  expect(ada.connection).toMatchObject({ isOpen: true, userId: "ada" });
  expect(await codeOf(() => client().connect())).toBe("unauthorized");
});

it("what a dialect's own way says wrongly is not said to be of authenticate", async () => {
  const { engine, application, client } = world();
  const bad = (): { userId: string } => ({ userId: "\n" });
  expect(await codeOf(() => engine.connect(client().connection, undefined, () => undefined, bad))).toBe("internal");
  const message = "a userId must have 1 to 128 characters, none of them control characters, or be left out";
  expect(application.reported).toMatchObject([{ error: { cause: { message } } }]);
});

it("a dialect may give its connections ids of its own form", () => {
  const { engine, connected } = world();
  const { connection } = connected();
  const { handshake, encoder, wire } = connection;
  expect(engine.admit({ dialect: "x", handshake, encoder, wire, id: "0123-0000" }).id).toBe("0123-0000");
});

it("a client that was too slow is counted, whatever code its dialect closes it with", () => {
  const { engine, connected } = world();
  const [slow, left] = [connected(), connected()];
  Object.assign(slow.wire, { wasSlow: true });
  slow.wire.close(1013);
  left.wire.close(1013);
  expect(engine.stats().slow).toBe(1);
});
