import { describe, expect, it } from "vitest";
import { CarillonError } from "../../../src/errors/carillon-error.ts";
import type { ErrorCode } from "../../../src/errors/codes.ts";
import { gate, nothingLeft, turn } from "../../engine/support.ts";
import { failure, nativeWorld, temporary } from "./support.ts";

describe("connect", () => {
  it("is answered with connected, for someone anonymous", () => {
    const { opened, application } = nativeWorld({ native: { heartbeatMs: 7_000, maxMessageBytes: 1_000 } });
    const client = opened();
    client.send({ type: "connect" });
    const { id } = application.connects[0]!;
    expect(client.heard()).toEqual([{ type: "connected", connection: id, heartbeatMs: 7_000, maxMessageBytes: 1_000 }]);
    expect(application.connects[0]).toMatchObject({ dialect: "native", isOpen: true });
  });

  it("hands the token to authenticate, and tells the client who it is taken for", () => {
    const { opened, application } = nativeWorld();
    application.authenticate = ({ token }) => ({ userId: `user of ${token}` });
    const client = opened();
    client.send({ type: "connect", token: "t-1" });
    expect(client.heard()).toMatchObject([
      { type: "connected", user: "user of t-1", heartbeatMs: 0, maxMessageBytes: 65_536 },
    ]);
  });

  it("nothing comes before its answer, whatever the application sends meanwhile", async () => {
    const { opened, application } = nativeWorld();
    application.middleware.push(async (connection, next) => {
      connection.send("hello", 1);
      await connection.subscribe("lobby");
      await next();
    });
    const client = opened();
    client.send({ type: "connect" });
    await turn();
    expect(client.heard()).toMatchObject([
      { type: "connected" },
      { type: "send", event: "hello", data: 1 },
      { type: "subscribed", channel: "lobby" },
    ]);
  });

  it("what is sent behind it in the same frame waits until the client is in, and keeps its order", async () => {
    const { opened, application } = nativeWorld();
    const decided = gate<{ userId: string }>();
    application.authenticate = () => decided.passed;
    const client = opened();
    client.sendTogether(
      { type: "connect" },
      { type: "subscribe", ref: 1, channel: "lobby" },
      { type: "publish", ref: 2, channel: "lobby", event: "chat" },
      { type: "ping" },
    );
    client.send({ type: "unsubscribe", ref: 3, channel: "lobby" });
    await turn();
    expect(client.heard()).toEqual([]);
    await decided.open({ userId: "ada" });
    expect(client.heard()).toMatchObject([
      { type: "connected", user: "ada" },
      { type: "subscribed", ref: 1 },
      { type: "publication", event: "chat" },
      { type: "published", ref: 2 },
      { type: "pong" },
      { type: "unsubscribed", ref: 3 },
    ]);
  });

  it("mistakes behind it wait, too: they are answered in their place, and the connection stays", async () => {
    for (const pending of [true, false]) {
      const { opened, application } = nativeWorld();
      const decided = gate<{ userId: string }>();
      application.authenticate = () => (pending ? decided.passed : { userId: "ada" });
      const client = opened();
      client.sendTogether(
        { type: "connect" },
        { type: "shout", ref: 1 },
        { type: "subscribe", ref: 2 },
        { type: "ping" },
      );
      client.raw("no JSON");
      await decided.open({ userId: "ada" });
      expect(client.heard()).toEqual([
        expect.objectContaining({ type: "connected" }),
        failure("unknown-type", 1),
        failure("bad-request", 2),
        { type: "pong" },
        failure("bad-request"),
      ]);
      expect(client.wire.isOpen).toBe(true);
    }
  });

  it("N02: a second time is a mistake, and changes nothing", () => {
    const { opened, application } = nativeWorld();
    application.authenticate = ({ token }) => ({ userId: token! });
    const client = opened();
    client.send({ type: "connect", token: "ada" }, { type: "connect", token: "eve" });
    expect(client.heard()).toEqual([expect.objectContaining({ user: "ada" }), failure("bad-request")]);
    expect(client.wire.isOpen).toBe(true);
    expect(application.connects.map(({ userId }) => userId)).toEqual(["ada"]);
  });

  it("N02: a second time while the first is pending is a mistake, and changes nothing", async () => {
    const { opened, application } = nativeWorld();
    const decided = gate<{ userId: string }>();
    let asked = 0;
    application.authenticate = () => {
      asked += 1;
      return decided.passed;
    };
    const client = opened();
    client.sendTogether({ type: "connect", token: "ada" }, { type: "connect", token: "eve" });
    await decided.open({ userId: "ada" });
    expect(client.heard()).toEqual([expect.objectContaining({ user: "ada" }), failure("bad-request")]);
    expect(asked).toBe(1);
  });
});

describe("a first message that is no valid connect", () => {
  it.each<[string, string, unknown]>([
    ["N01: a publish", '{"type":"publish","ref":5,"channel":"c","event":"e"}', failure("bad-request", 5)],
    ["N01: a subscribe", '{"type":"subscribe","ref":1,"channel":"c"}', failure("bad-request", 1)],
    ["N01: a ping", '{"type":"ping"}', failure("bad-request")],
    ["N01: a request", '{"type":"request","ref":1,"event":"e"}', failure("bad-request", 1)],
    ["a connect with a token that is no text", '{"type":"connect","token":7}', failure("bad-request")],
    ["an unknown type", '{"type":"hello","ref":3}', failure("unknown-type", 3)],
    ["N24: a server's message", '{"type":"connected","connection":"x"}', failure("unknown-type")],
    ["J10: no JSON", "hello", failure("bad-request")],
    ["J11: an empty frame", "", failure("bad-request")],
    ["J11: null", "null", failure("bad-request")],
    ["J11: an empty list", "[]", failure("bad-request")],
    ["J11: an empty object", "{}", failure("bad-request")],
    ["N26: a list in a list", '[[{"type":"connect"}]]', failure("bad-request")],
    ["J01: 33 brackets", "[".repeat(33), failure("bad-request")],
    ["J03: 10,001 tokens", `[${"1,".repeat(10_001)}1]`, failure("bad-request")],
    ["J05: a connect in the prototype", '{"__proto__":{"type":"connect"}}', failure("bad-request")],
  ])("is answered and ends the connection with 4400: %s", (_, frame, answer) => {
    const { opened, engine, clock } = nativeWorld();
    const client = opened();
    client.raw(frame);
    expect(client.heard()).toEqual([answer]);
    expect(client.wire.closing).toMatchObject({ code: 4400 });
    client.send({ type: "connect" });
    expect(client.heard()).toEqual([]);
    expect(engine.stats()).toMatchObject({ ...nothingLeft, connected: 0 });
    expect(clock.timers).toBe(0);
  });

  it("is so although a connect follows in the same frame", () => {
    const { opened, application } = nativeWorld();
    const client = opened();
    client.sendTogether({ type: "ping" }, { type: "connect" }, { type: "nonsense" });
    expect(client.heard()).toEqual([failure("bad-request")]);
    expect(client.wire.closing).toMatchObject({ code: 4400 });
    expect(application.connects).toEqual([]);
  });

  it("is so for a binary frame where JSON is spoken, and for text where MessagePack is", () => {
    const { opened } = nativeWorld();
    const [json, msgpack] = [opened(), opened({ codec: "msgpack" })];
    json.raw(Buffer.from('{"type":"connect"}'));
    msgpack.raw('{"type":"connect"}');
    for (const client of [json, msgpack]) {
      expect(client.heard()).toEqual([failure("bad-request")]);
      expect(client.wire.closing).toMatchObject({ code: 4400 });
    }
  });

  it("answers that nobody asked for are no first message, and no mistake", () => {
    const { opened } = nativeWorld();
    const client = opened();
    client.send({ type: "response", ref: 1, data: 1 }, { type: "error", ref: 2, code: "internal", message: "x" });
    expect(client.heard()).toEqual([]);
    client.send({ type: "connect" });
    expect(client.heard()).toMatchObject([{ type: "connected" }]);
  });
});

describe("a refusal", () => {
  it.each<[ErrorCode, number, object]>([
    ["unauthorized", 4401, {}],
    ["token-expired", 4402, {}],
    ["forbidden", 4403, {}],
    ["internal", 4500, temporary],
    ["broker-unavailable", 4503, temporary],
    ["timeout", 4504, temporary],
    ["rate-limited", 4529, temporary],
    ["limit-exceeded", 4403, {}],
  ])("with %s is told, and then the connection ends with %i", async (code, closeCode, more) => {
    for (const later of [false, true]) {
      const { opened, application, engine, clock } = nativeWorld();
      application.authenticate = () => {
        const error = new CarillonError(code, { details: { why: "so" } });
        if (later) return Promise.reject(error);
        throw error;
      };
      const client = opened();
      client.send({ type: "connect", token: "t" });
      await turn();
      expect(client.heard()).toEqual([failure(code, undefined, { ...more, details: { why: "so" } })]);
      expect(client.wire.closing).toMatchObject({ code: closeCode });
      expect(engine.stats()).toMatchObject({ ...nothingLeft, connected: 0, refused: 1 });
      expect(application.disconnects).toEqual([]);
      expect(clock.timers).toBe(0);
    }
  });

  it("by authenticate that knows nobody is 4401", () => {
    const { opened, application } = nativeWorld();
    application.authenticate = () => undefined;
    const client = opened();
    client.send({ type: "connect" });
    expect(client.heard()).toEqual([failure("unauthorized")]);
    expect(client.wire.closing).toMatchObject({ code: 4401 });
  });

  it("by a hook that broke is 4500, and the client learns nothing about it", () => {
    const { opened, application } = nativeWorld();
    application.authenticate = () => {
      throw new Error("password: hunter2");
    };
    const client = opened();
    client.send({ type: "connect" });
    expect(JSON.stringify(client.heard())).not.toContain("hunter2");
    expect(client.wire.closing).toMatchObject({ code: 4500 });
    expect(application.failureCodes).toEqual(["internal"]);
  });

  it("by middleware that does not call next is 4403, and what was sent behind connect is dropped", async () => {
    const { opened, application } = nativeWorld();
    application.middleware.push(() => undefined);
    const client = opened();
    client.sendTogether(
      { type: "connect" },
      { type: "publish", ref: 1, channel: "c", event: "e" },
      { type: "nonsense" },
    );
    await turn();
    expect(client.heard()).toEqual([failure("forbidden")]);
    expect(client.wire.closing).toMatchObject({ code: 4403 });
  });
});

describe("the deadline for connecting", () => {
  it("N03, L3: ends a client that says nothing for 10 seconds with 4504", () => {
    const { opened, clock, engine } = nativeWorld();
    const client = opened();
    clock.advance(9_999);
    expect(client.wire.isOpen).toBe(true);
    clock.advance(1);
    expect(client.wire.closing).toMatchObject({ code: 4504 });
    expect(clock.timers).toBe(0);
    expect(engine.stats()).toMatchObject(nothingLeft);
  });

  it("may be set", () => {
    const { opened, clock } = nativeWorld({ native: { connectTimeoutMs: 50 } });
    const client = opened();
    clock.advance(50);
    expect(client.wire.closing).toMatchObject({ code: 4504 });
  });

  it("holds for authenticate, too", () => {
    const { opened, application, clock } = nativeWorld();
    application.authenticate = () => gate<{ userId: string }>().passed;
    const client = opened();
    client.send({ type: "connect" });
    clock.advance(10_000);
    expect(client.wire.closing).toMatchObject({ code: 4504 });
  });

  it("is over once the client is in", () => {
    const { opened, clock } = nativeWorld();
    const client = opened();
    client.send({ type: "connect" });
    expect(clock.timers).toBe(0);
    clock.advance(100_000);
    expect(client.wire.isOpen).toBe(true);
  });

  it("is over once the wire has ended", () => {
    const { opened, clock } = nativeWorld();
    opened().wire.hangUp();
    expect(clock.timers).toBe(0);
  });

  it("has passed for good: an authenticate that ends later lets nobody in, although the wire is not quite closed", async () => {
    const { opened, application, clock, engine } = nativeWorld({ native: { heartbeatMs: 1_000 } });
    const decided = gate<{ userId: string }>();
    application.authenticate = () => decided.passed;
    const client = opened({ peerAnswersClose: false });
    client.send({ type: "connect" });
    clock.advance(10_000);
    expect(client.wire.closing).toMatchObject({ code: 4504 });
    await decided.open({ userId: "ada" });
    client.send({ type: "subscribe", ref: 1, channel: "lobby" });
    expect(application.connects).toEqual([]);
    expect(clock.timers).toBe(0);
    client.wire.destroy();
    expect(application.disconnects).toEqual([]);
    expect(engine.stats()).toMatchObject({ ...nothingLeft, connected: 0 });
  });
});
