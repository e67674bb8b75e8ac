import { describe, expect, it } from "vitest";
import { z } from "zod";
import { CarillonError } from "../../../src/errors/carillon-error.ts";
import { gate, nothingLeft, PendingBroker, turn } from "../../engine/support.ts";
import { failure, nativeWorld, temporary } from "./support.ts";

const bytes = Uint8Array.of(0, 1, 2, 255);

describe("subscribing", () => {
  it("is answered, and what is published comes after the answer", () => {
    const { entered } = nativeWorld();
    const [ada, bob] = [entered("ada"), entered()];
    ada.send({ type: "subscribe", ref: 1, channel: "lobby" });
    bob.send({ type: "subscribe", ref: 0, channel: "lobby" });
    ada.send({ type: "publish", ref: 2, channel: "lobby", event: "chat", data: { text: "hi" } });
    const publication = {
      type: "publication",
      channel: "lobby",
      event: "chat",
      data: { text: "hi" },
      id: expect.any(String),
      time: Date.UTC(2026, 0, 1),
      from: { id: expect.any(String), user: "ada" },
    };
    expect(ada.heard()).toEqual([
      { type: "subscribed", ref: 1, channel: "lobby" },
      publication,
      { type: "published", ref: 2, id: expect.any(String) },
    ]);
    expect(bob.heard()).toEqual([{ type: "subscribed", ref: 0, channel: "lobby" }, publication]);
  });

  it("its answer comes before the news, over a broker that takes its time", async () => {
    const broker = new PendingBroker();
    const { entered } = nativeWorld({ broker });
    const ada = entered("ada");
    ada.send({ type: "subscribe", ref: 1, channel: "lobby" });
    broker.channels.add("lobby");
    broker.deliver({ channel: "lobby", event: "early", data: 1, id: "x", time: 0 });
    expect(ada.heard()).toEqual([]);
    await broker.finish();
    expect(ada.heard()).toMatchObject([
      { type: "subscribed", ref: 1 },
      { type: "publication", event: "early" },
    ]);
  });

  it("N13: twice is a mistake, unsubscribing twice is none", () => {
    const { entered } = nativeWorld();
    const ada = entered("ada");
    ada.send({ type: "subscribe", ref: 1, channel: "lobby" }, { type: "subscribe", ref: 2, channel: "lobby" });
    ada.send({ type: "unsubscribe", ref: 3, channel: "lobby" }, { type: "unsubscribe", ref: 4, channel: "lobby" });
    expect(ada.heard()).toEqual([
      { type: "subscribed", ref: 1, channel: "lobby" },
      failure("already-subscribed", 2),
      { type: "unsubscribed", ref: 3, channel: "lobby" },
      { type: "unsubscribed", ref: 4, channel: "lobby" },
    ]);
  });

  it("N04, N06, N13: is refused with a code", () => {
    const { entered } = nativeWorld({ limits: { subscriptions: 1 } });
    const ada = entered("ada");
    ada.send({ type: "subscribe", ref: 1, channel: "private-x" });
    ada.send({ type: "subscribe", ref: 2, channel: "" });
    ada.send({ type: "subscribe", ref: 3, channel: "a\nb" });
    ada.raw(String.raw`{"type":"subscribe","ref":4,"channel":"\ud800"}`);
    ada.send({ type: "subscribe", ref: 5, channel: "a" }, { type: "subscribe", ref: 6, channel: "b" });
    expect(ada.heard()).toEqual([
      failure("forbidden", 1),
      failure("channel-name-invalid", 2),
      failure("channel-name-invalid", 3),
      failure("channel-name-invalid", 4),
      { type: "subscribed", ref: 5, channel: "a" },
      failure("limit-exceeded", 6),
    ]);
  });

  it("fails as temporary when the broker does", async () => {
    const broker = new PendingBroker();
    const { entered } = nativeWorld({ broker });
    const ada = entered("ada");
    ada.send({ type: "subscribe", ref: 1, channel: "a" });
    await broker.fail();
    expect(ada.heard()).toEqual([failure("broker-unavailable", 1, temporary)]);
  });

  it("lists the members where there is presence, and tells of joins and leaves", () => {
    const { entered } = nativeWorld();
    const [ada, bob] = [entered("ada"), entered("bob")];
    const channel = "presence-lobby";
    ada.send({ type: "subscribe", ref: 1, channel });
    bob.send({ type: "subscribe", ref: 1, channel });
    bob.send({ type: "unsubscribe", ref: 2, channel });
    expect(ada.heard()).toEqual([
      { type: "subscribed", ref: 1, channel, members: [{ user: "ada" }] },
      { type: "join", channel, member: { user: "bob" } },
      { type: "leave", channel, member: { user: "bob" } },
    ]);
    expect(bob.heard()).toEqual([
      { type: "subscribed", ref: 1, channel, members: [{ user: "ada" }, { user: "bob" }] },
      { type: "unsubscribed", ref: 2, channel },
    ]);
  });

  it("N21: tells of a user with two connections once, and of each of them where the rule shows connections", () => {
    const { application, entered } = nativeWorld({
      channels: { users: { presence: true }, tabs: { presence: "connections" } },
    });
    const [ada, bob, alsoBob] = [entered("ada"), entered("bob"), entered("bob")];
    for (const channel of ["users", "tabs"]) {
      for (const client of [ada, bob, alsoBob]) client.send({ type: "subscribe", ref: 1, channel });
      for (const client of [bob, alsoBob]) client.send({ type: "unsubscribe", ref: 2, channel });
    }
    const [, first, second] = application.connects.map(({ id }) => ({ user: "bob", id }));
    expect(ada.heard().slice(1)).toMatchObject([
      { type: "join", channel: "users", member: { user: "bob" } },
      { type: "leave", channel: "users", member: { user: "bob" } },
      { type: "subscribed", channel: "tabs", members: [{ user: "ada", id: application.connects[0]!.id }] },
      { type: "join", channel: "tabs", member: first },
      { type: "join", channel: "tabs", member: second },
      { type: "leave", channel: "tabs", member: first },
      { type: "leave", channel: "tabs", member: second },
    ]);
  });

  it("by the server is told without a ref", async () => {
    const { entered, application } = nativeWorld();
    const ada = entered("ada");
    const [connection] = application.connects;
    await connection!.subscribe("presence-lobby");
    await connection!.unsubscribe("presence-lobby");
    await connection!.subscribe("lobby");
    expect(ada.heard()).toEqual([
      { type: "subscribed", channel: "presence-lobby", members: [{ user: "ada" }] },
      { type: "unsubscribed", channel: "presence-lobby" },
      { type: "subscribed", channel: "lobby" },
    ]);
  });
});

describe("publishing", () => {
  it("without a ref is answered only when it fails", () => {
    const { entered } = nativeWorld();
    const ada = entered("ada");
    ada.send({ type: "subscribe", ref: 1, channel: "lobby" });
    ada.send({ type: "publish", channel: "lobby", event: "chat", echo: false });
    ada.send({ type: "publish", channel: "other", event: "chat" });
    expect(ada.heard()).toEqual([{ type: "subscribed", ref: 1, channel: "lobby" }, failure("not-subscribed")]);
  });

  it("with echo: false leaves the publisher out, and nobody else", () => {
    const { entered } = nativeWorld();
    const [ada, bob] = [entered("ada"), entered("bob")];
    for (const client of [ada, bob]) client.send({ type: "subscribe", ref: 1, channel: "lobby" });
    ada.send({ type: "publish", ref: 2, channel: "lobby", event: "a", echo: false });
    ada.send({ type: "publish", ref: 3, channel: "lobby", event: "b", echo: true });
    expect(ada.heard()).toMatchObject([{ type: "subscribed" }, { ref: 2 }, { event: "b" }, { ref: 3 }]);
    expect(bob.heard()).toMatchObject([{ type: "subscribed" }, { event: "a" }, { event: "b" }]);
  });

  it("published comes when the broker has accepted it, and not before", async () => {
    const broker = new PendingBroker();
    const { entered } = nativeWorld({ broker, channels: { "*": { publish: "anyone" } } });
    const ada = entered("ada");
    ada.send({ type: "publish", ref: 1, channel: "lobby", event: "chat" });
    await turn();
    expect(ada.heard()).toEqual([]);
    await broker.finish();
    expect(ada.heard()).toEqual([{ type: "published", ref: 1, id: expect.any(String) }]);
  });

  it("P2: published never comes when the broker has not accepted it", async () => {
    const broker = new PendingBroker();
    const { entered } = nativeWorld({ broker, channels: { "*": { publish: "anyone" } } });
    const ada = entered("ada");
    ada.send({ type: "publish", ref: 1, channel: "lobby", event: "chat" });
    await broker.fail();
    expect(ada.heard()).toEqual([failure("broker-unavailable", 1, temporary)]);
  });

  it("what does not fit the schema is refused with details", () => {
    const { entered, application } = nativeWorld({ channels: { "*": { publish: "anyone" } } });
    application.schemas.set("chat", z.object({ text: z.string() }));
    const ada = entered("ada");
    ada.send({ type: "publish", ref: 1, channel: "lobby", event: "chat", data: { text: 7 } });
    const details = [{ message: expect.any(String), path: ["text"] }];
    expect(ada.heard()).toEqual([failure("payload-invalid", 1, { details })]);
  });

  it("N09, N07: is refused with a code", () => {
    const { entered } = nativeWorld({ channels: { news: { publish: "server" }, "*": { publish: "anyone" } } });
    const ada = entered("ada");
    ada.send({ type: "publish", ref: 1, channel: "news", event: "chat" });
    ada.send({ type: "publish", ref: 2, channel: "", event: "chat" });
    ada.send({ type: "publish", ref: 3, channel: "c", event: "disconnect" });
    ada.send({ type: "publish", ref: 4, channel: "private-c", event: "e" });
    expect(ada.heard()).toEqual([
      failure("forbidden", 1),
      failure("channel-name-invalid", 2),
      failure("event-name-invalid", 3),
      failure("forbidden", 4),
    ]);
  });
});

describe("events outside channels", () => {
  it("are sent both ways", () => {
    const { entered, application } = nativeWorld();
    application.handlers.add("hello", ({ connection, data }) => connection.send("hello", { back: data }));
    const ada = entered("ada");
    ada.send({ type: "send", event: "hello", data: 1 }, { type: "send", event: "nobody", data: 2 });
    expect(ada.heard()).toEqual([{ type: "send", event: "hello", data: { back: 1 } }]);
  });

  it("are requested by the client, and answered or failed by ref, in any order", async () => {
    const { entered, application } = nativeWorld();
    const slow = gate();
    application.handlers.add("slow", async ({ reply }) => {
      await slow.passed;
      reply("late");
    });
    application.handlers.add("add", ({ data, reply }) => reply((data as { a: number }).a + 1));
    application.handlers.add("nothing", ({ reply }) => reply());
    application.handlers.add("fails", () => {
      throw new Error("secret");
    });
    application.handlers.add("refuses", () => {
      throw new CarillonError("forbidden", { message: "not yours", details: 7 });
    });
    const ada = entered("ada");
    ada.send({ type: "request", ref: 1, event: "slow" });
    ada.send({ type: "request", ref: 2, event: "add", data: { a: 2 } });
    ada.send({ type: "request", ref: 3, event: "nothing" });
    ada.send({ type: "request", ref: 4, event: "nobody" });
    ada.send({ type: "request", ref: 5, event: "fails" });
    ada.send({ type: "request", ref: 6, event: "refuses" });
    ada.send({ type: "request", ref: 7, event: "connect" });
    await slow.open();
    expect(ada.heard()).toEqual([
      { type: "response", ref: 2, data: 3 },
      { type: "response", ref: 3 },
      failure("no-handler", 4),
      failure("handler-failed", 5),
      { type: "error", ref: 6, code: "forbidden", message: "not yours", details: 7 },
      failure("event-name-invalid", 7),
      { type: "response", ref: 1, data: "late" },
    ]);
  });

  it("are requested by the server, and answered or failed by the client", async () => {
    const { entered, application } = nativeWorld();
    const ada = entered("ada");
    const [connection] = application.connects;
    const answers = Promise.allSettled([1, 2, 3, 4].map((data) => connection!.request("where", data)));
    expect(ada.heard()).toEqual([1, 2, 3, 4].map((ref) => ({ type: "request", ref, event: "where", data: ref })));
    ada.send({ type: "response", ref: 2, data: "here" }, { type: "response", ref: 99, data: "nobody asked" });
    ada.send({ type: "error", ref: 1, code: "no-handler", message: "no" });
    ada.send({ type: "error", ref: 3, code: "constructor", message: "x".repeat(10_000) });
    ada.send({ type: "response", ref: 4 }, { type: "response", ref: 4, data: "again" });
    const [first, second, third, fourth] = await answers;
    expect(first).toMatchObject({ reason: { code: "no-handler", message: "no" } });
    expect(second).toEqual({ status: "fulfilled", value: "here" });
    expect(third).toMatchObject({ reason: { code: "handler-failed", message: "x".repeat(500) } });
    expect(fourth).toEqual({ status: "fulfilled", value: undefined });
    expect(ada.heard()).toEqual([]);
  });

  it("J14: an answer with a then is no promise", async () => {
    const { entered, application } = nativeWorld();
    const ada = entered("ada");
    const answer = application.connects[0]!.request("where");
    ada.raw('{"type":"response","ref":1,"data":{"then":"x"}}');
    expect(await answer).toEqual({ then: "x" });
  });

  it("answers do not wait behind what may be waiting for them", async () => {
    const asked = gate<unknown>();
    const channels = {
      "*": {
        authorize: async ({ connection }: { connection: { request(event: string): Promise<unknown> } }) => {
          const answer = await connection.request("password");
          void asked.open(answer);
          return answer === "sesame";
        },
      },
    };
    const { entered } = nativeWorld({ channels });
    const ada = entered("ada");
    ada.send({ type: "subscribe", ref: 1, channel: "cave" });
    expect(ada.heard()).toEqual([{ type: "request", ref: 1, event: "password" }]);
    ada.send({ type: "ping" }, { type: "response", ref: 1, data: "sesame" });
    await turn();
    expect(await asked.passed).toBe("sesame");
    expect(ada.heard()).toEqual([{ type: "subscribed", ref: 1, channel: "cave" }, { type: "pong" }]);
  });

  it("may be batches", async () => {
    const { entered, engine } = nativeWorld();
    const ada = entered("ada");
    ada.send({ type: "subscribe", ref: 1, channel: "prices" });
    await engine.signal({ kind: "event", event: "tick", data: [1, 2], batch: true });
    await engine.publish(engine.compose({ channel: "prices", event: "tick", data: [{ p: 1 }], batch: true }));
    expect(ada.heard().slice(1)).toEqual([
      { type: "batch", event: "tick", items: [1, 2] },
      { type: "batch", channel: "prices", event: "tick", items: [{ p: 1 }] },
    ]);
  });
});

describe("mistakes of a client that is in", () => {
  it.each<[string, string, readonly unknown[]]>([
    ["J10: no JSON", "{'type':'ping'}", [failure("bad-request")]],
    ["J11: an empty frame", "", [failure("bad-request")]],
    ["J11: an empty list", "[]", [failure("bad-request")]],
    ["J11: null", "null", [failure("bad-request")]],
    ["J12: two documents", '{"type":"ping"}{"type":"ping"}', [failure("bad-request")]],
    [
      "J01: 33 levels",
      `{"type":"send","event":"e","data":${"[".repeat(32)}${"]".repeat(32)}}`,
      [failure("bad-request")],
    ],
    [
      "J08: a ref that is too large",
      '{"type":"subscribe","ref":9007199254740992,"channel":"c"}',
      [failure("bad-request")],
    ],
    ["J08: a ref of 1e400", '{"type":"subscribe","ref":1e400,"channel":"c"}', [failure("bad-request")]],
    ["J16: a channel that is a number", '{"type":"subscribe","ref":4,"channel":7}', [failure("bad-request", 4)]],
    ["N24: a server's message", '{"type":"publication","ref":2,"channel":"c"}', [failure("unknown-type", 2)]],
    ["N25: an unknown type", '{"type":"shout"}', [failure("unknown-type")]],
    [
      "N26: one bad message of three",
      '[{"type":"ping"},{"type":7,"ref":1},{"type":"ping"}]',
      [{ type: "pong" }, failure("bad-request", 1), { type: "pong" }],
    ],
    [
      "N26: 257 messages",
      `[${Array.from({ length: 257 }, () => '{"type":"ping"}').join(",")}]`,
      [failure("bad-request")],
    ],
    ["bytes that are no base64", '{"type":"send","event":"e","bytes":"%"}', [failure("bad-request")]],
    ["data and bytes", '{"type":"send","event":"e","data":1,"bytes":""}', [failure("bad-request")]],
    ["an error without a ref", '{"type":"error","code":"internal","message":"x"}', [failure("bad-request")]],
  ])("are answered, and the connection stays: %s", (_, frame, answers) => {
    const { entered } = nativeWorld();
    const ada = entered("ada");
    ada.raw(frame);
    expect(ada.heard()).toEqual(answers);
    ada.send({ type: "ping" });
    expect(ada.heard()).toEqual([{ type: "pong" }]);
    expect(ada.wire.isOpen).toBe(true);
  });

  it("J16: an error echoes nothing of what was sent", () => {
    const { entered } = nativeWorld();
    const ada = entered("ada");
    const secret = "hunter2";
    ada.raw(`{"type":"subscribe","ref":1,"channel":["${secret}"]}`);
    ada.raw(`{"type":"${secret}"}`);
    ada.raw(secret);
    expect(JSON.stringify(ada.heard())).not.toContain(secret);
  });

  it("N25: fields that are unknown change nothing", () => {
    const { entered } = nativeWorld();
    const ada = entered("ada");
    ada.raw('{"type":"subscribe","ref":1,"channel":"c","since":"0.7.x","from":"eve","__proto__":{"channel":"d"}}');
    expect(ada.heard()).toEqual([{ type: "subscribed", ref: 1, channel: "c", recovered: false }]);
  });

  it("N11: a publication's sender is never what the client claims", () => {
    const { entered } = nativeWorld();
    const ada = entered("ada");
    ada.send({ type: "subscribe", ref: 1, channel: "c" });
    ada.raw('{"type":"publish","channel":"c","event":"e","from":{"id":"x","user":"root"},"user":"root","time":1}');
    const [, publication] = ada.heard() as [unknown, { from: { user: string }; time: number }];
    expect(publication.from.user).toBe("ada");
    expect(publication.time).toBe(Date.UTC(2026, 0, 1));
  });

  it("are answered in their place", async () => {
    const broker = new PendingBroker();
    const { entered } = nativeWorld({ broker });
    const ada = entered("ada");
    ada.send({ type: "subscribe", ref: 1, channel: "c" });
    ada.raw("no JSON");
    ada.raw('{"type":"nonsense","ref":2}');
    ada.send({ type: "ping" });
    expect(ada.heard()).toEqual([]);
    await broker.finish();
    expect(ada.heard()).toMatchObject([{ ref: 1 }, { code: "bad-request" }, { ref: 2 }, { type: "pong" }]);
  });
});

describe("what cannot be encoded", () => {
  it("an answer becomes an error, the application hears of it, and the session lives", () => {
    const { entered, application } = nativeWorld();
    application.handlers.add("big", ({ reply }) => reply({ n: 1n }));
    for (const codec of ["json", "msgpack"] as const) {
      const ada = entered("ada", { codec });
      ada.send({ type: "request", ref: 1, event: "big" }, { type: "ping" });
      expect(ada.heard()).toEqual([failure("internal", 1, temporary), { type: "pong" }]);
      expect(application.reported.splice(0)).toMatchObject([{ error: { code: "payload-invalid" } }]);
    }
  });

  it("an error's details become an error without them", () => {
    const { entered, application } = nativeWorld();
    application.handlers.add("fails", () => {
      throw new CarillonError("forbidden", { details: { n: 1n } });
    });
    const ada = entered("ada");
    ada.send({ type: "request", ref: 1, event: "fails" }, { type: "ping" });
    expect(ada.heard()).toEqual([failure("forbidden", 1), { type: "pong" }]);
    expect(application.failureCodes).toEqual(["payload-invalid"]);
  });

  it("a publication reaches nobody, is reported, and harms nobody", async () => {
    const { entered, application, engine } = nativeWorld();
    const [ada, bob] = [entered("ada"), entered("bob", { codec: "msgpack" })];
    for (const client of [ada, bob]) {
      client.send({ type: "subscribe", ref: 1, channel: "c" });
      client.heard();
    }
    await engine.publish(engine.compose({ channel: "c", event: "e", data: { n: 1n } }));
    await engine.publish(engine.compose({ channel: "c", event: "e", data: 1 }));
    for (const client of [ada, bob]) expect(client.heard()).toMatchObject([{ data: 1 }]);
    expect(application.failureCodes).toEqual(["payload-invalid", "payload-invalid"]);
  });
});

describe("JSON and MessagePack in one channel", () => {
  it("hear the same, bytes and what only looks like bytes included", async () => {
    const { entered, engine } = nativeWorld();
    const [json, msgpack] = [entered("ada"), entered("bob", { codec: "msgpack" })];
    for (const client of [json, msgpack]) client.send({ type: "subscribe", ref: 1, channel: "c" });
    for (const client of [json, msgpack]) {
      for (const data of [
        { text: "é🙂", list: [1, -2.5, null, true] },
        bytes,
        new Uint8Array(),
        "AQID",
        { bytes: "AQID" },
        null,
      ]) {
        client.send({ type: "publish", channel: "c", event: "e", data });
      }
      client.send({ type: "publish", channel: "c", event: "nothing" });
    }
    await engine.publish(
      engine.compose({ channel: "c", event: "e", data: { at: new Date(0), none: undefined, nan: Number.NaN } }),
    );
    const heard = json.heard();
    expect(msgpack.heard()).toEqual(heard);
    expect(heard).toHaveLength(16);
    expect((heard[2] as { data: unknown }).data).toEqual(bytes);
    expect((heard[9] as { data: unknown }).data).toEqual(bytes);
    expect(heard.at(-1)).toMatchObject({ data: { at: "1970-01-01T00:00:00.000Z", nan: null } });
  });

  it("J05, J08: nothing that one may publish is something that the other cannot read", () => {
    const { entered } = nativeWorld({ channels: { "*": { publish: "anyone" } } });
    const [json, msgpack] = [entered("ada"), entered("bob", { codec: "msgpack" })];
    msgpack.send({ type: "subscribe", ref: 1, channel: "c" });
    msgpack.heard();
    for (const data of [
      '{"__proto__":{"x":1}}',
      "1e400",
      "[-1e400]",
      String.raw`"\ud800"`,
      `${"[".repeat(31)}${"]".repeat(31)}`,
    ]) {
      json.raw(`{"type":"publish","channel":"c","event":"e","data":${data}}`);
    }
    expect(msgpack.heard()).toHaveLength(5);
    expect(json.heard()).toEqual([]);
  });

  it("bytes go both ways in events and answers", async () => {
    for (const codec of ["json", "msgpack"] as const) {
      const { entered, application } = nativeWorld();
      application.handlers.add("echo", ({ data, reply }) => reply(data));
      const ada = entered("ada", { codec });
      ada.send({ type: "request", ref: 1, event: "echo", data: bytes });
      application.connects[0]!.send("bytes", bytes);
      const answer = application.connects[0]!.request("bytes", bytes);
      ada.send({ type: "response", ref: 1, data: bytes });
      expect(await answer).toEqual(bytes);
      expect(ada.heard()).toEqual([
        { type: "response", ref: 1, data: bytes },
        { type: "send", event: "bytes", data: bytes },
        { type: "request", ref: 1, event: "bytes", data: bytes },
      ]);
    }
  });

  it("J19: MessagePack says nothing that JSON could not", () => {
    const { entered } = nativeWorld({ channels: { "*": { publish: "anyone" } } });
    const ada = entered("ada", { codec: "msgpack" });
    ada.raw(Buffer.from("82a474797065a473656e64a464617461cb7ff8000000000000", "hex"));
    ada.raw(Buffer.from("c1", "hex"));
    ada.send({ type: "ping" });
    expect(ada.heard()).toEqual([failure("bad-request"), failure("bad-request"), { type: "pong" }]);
  });

  it("clients of one codec are handed one packet", () => {
    const { entered } = nativeWorld();
    const clients = [entered("a"), entered("b"), entered("c", { codec: "msgpack" })];
    for (const client of clients) client.send({ type: "subscribe", ref: 1, channel: "c" });
    clients[0]!.send({ type: "publish", channel: "c", event: "e", data: 1 });
    const [a, b, c] = clients.map(({ wire }) => wire.packets.at(-1));
    expect(a).toBe(b);
    expect(a).not.toBe(c);
  });
});

describe("order", () => {
  it("the messages of one client are handled one after another, over a broker that takes its time", async () => {
    const broker = new PendingBroker();
    const { entered } = nativeWorld({ broker });
    const ada = entered("ada");
    ada.send({ type: "subscribe", ref: 1, channel: "c" });
    for (const ref of [2, 3, 4]) ada.send({ type: "publish", ref, channel: "c", event: `${ref}` });
    ada.send({ type: "unsubscribe", ref: 5, channel: "c" }, { type: "ping" });
    expect(broker.calls).toEqual(["subscribe c"]);
    await broker.finishAll();
    expect(broker.calls).toEqual(["subscribe c", "publish c 2", "publish c 3", "publish c 4", "unsubscribe c"]);
    expect(ada.heard()).toMatchObject([
      { type: "subscribed" },
      { event: "2" },
      { type: "published", ref: 2 },
      { event: "3" },
      { type: "published", ref: 3 },
      { event: "4" },
      { type: "published", ref: 4 },
      { type: "unsubscribed" },
      { type: "pong" },
    ]);
  });

  it("one client's pending message holds up no other client", async () => {
    const broker = new PendingBroker();
    const { entered } = nativeWorld({ broker });
    const [ada, bob] = [entered("ada"), entered("bob")];
    ada.send({ type: "subscribe", ref: 1, channel: "c" }, { type: "ping" });
    bob.send({ type: "ping" });
    expect([ada.heard(), bob.heard()]).toEqual([[], [{ type: "pong" }]]);
  });

  it("a client that runs far ahead is paused, and read again once its backlog is gone", async () => {
    const broker = new PendingBroker();
    const { entered } = nativeWorld({ broker, channels: { "*": { publish: "anyone" } } });
    const ada = entered("ada");
    for (let ref = 0; ref <= 63; ref += 1) ada.send({ type: "publish", ref, channel: "c", event: "e" });
    expect(ada.wire.isPaused).toBe(false);
    for (let ref = 64; ref < 200; ref += 1) ada.send({ type: "publish", ref, channel: "c", event: "e" });
    expect(ada.wire.isPaused).toBe(true);
    while (broker.pending.length > 0) await broker.finish();
    expect(ada.wire.isPaused).toBe(false);
    expect(ada.heard()).toEqual(
      Array.from({ length: 200 }, (_, ref) => ({ type: "published", ref, id: expect.any(String) })),
    );
  });
});

describe("heartbeats", () => {
  const heartbeat = [{ type: "heartbeat" }];

  it("come when nothing was said for the interval, and no sooner", () => {
    const { entered, clock } = nativeWorld({ native: { heartbeatMs: 1_000 } });
    const ada = entered("ada");
    clock.advance(999);
    expect(ada.heard()).toEqual([]);
    clock.advance(1);
    expect(ada.heard()).toEqual(heartbeat);
    clock.advance(1_000);
    expect(ada.heard()).toEqual(heartbeat);
  });

  it("do not come while there is something to say, and come an interval after the last word", () => {
    const { entered, clock } = nativeWorld({ native: { heartbeatMs: 1_000 } });
    const ada = entered("ada");
    for (let count = 0; count < 7; count += 1) {
      clock.advance(300);
      ada.send({ type: "ping" });
      expect(ada.heard()).toEqual([{ type: "pong" }]);
    }
    clock.advance(999);
    expect(ada.heard()).toEqual([]);
    clock.advance(1);
    expect(ada.heard()).toEqual(heartbeat);
  });

  it("what the client says is no word of the server's", () => {
    const { entered, clock } = nativeWorld({ native: { heartbeatMs: 1_000 } });
    const ada = entered("ada");
    clock.advance(900);
    ada.send({ type: "send", event: "nobody" });
    clock.advance(100);
    expect(ada.heard()).toEqual(heartbeat);
  });

  it("do not come at all when they are switched off", () => {
    const { entered, clock } = nativeWorld({ native: { heartbeatMs: 0 } });
    const ada = entered("ada");
    clock.advance(1_000_000);
    expect(ada.heard()).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  it("end with the wire", () => {
    const { entered, clock } = nativeWorld({ native: { heartbeatMs: 1_000 } });
    const ada = entered("ada");
    expect(clock.timers).toBe(1);
    ada.wire.hangUp();
    expect(clock.timers).toBe(0);
  });
});

describe("the end of a session", () => {
  it("is told once, and leaves nothing", async () => {
    const broker = new PendingBroker();
    const { entered, application, engine, clock } = nativeWorld({ broker, native: { heartbeatMs: 1_000 } });
    const ada = entered("ada");
    ada.send({ type: "subscribe", ref: 1, channel: "c" }, { type: "publish", ref: 2, channel: "c", event: "e" });
    ada.wire.hangUp(1000, "bye");
    await broker.finishAll();
    expect(application.disconnects).toMatchObject([{ code: 1000, reason: "bye" }]);
    expect(broker.calls).toEqual(["subscribe c", "unsubscribe c"]);
    expect(engine.stats()).toMatchObject(nothingLeft);
    expect(clock.timers).toBe(0);
    expect(ada.heard()).toEqual([]);
  });

  it("nothing is read behind it", () => {
    const { entered, application, engine } = nativeWorld();
    let count = 0;
    application.handlers.add("*", () => (count += 1));
    application.handlers.add("bye", ({ connection }) => connection.close(4403));
    const ada = entered("ada");
    ada.sendTogether(
      { type: "send", event: "a" },
      { type: "send", event: "bye" },
      { type: "send", event: "b" },
      { type: 7 },
    );
    expect(count).toBe(2);
    expect(ada.heard()).toEqual([]);
    expect(engine.stats()).toMatchObject(nothingLeft);
  });

  it("an answer that comes after it goes nowhere", async () => {
    const { entered, application } = nativeWorld();
    const slow = gate();
    application.handlers.add("slow", async ({ reply }) => {
      await slow.passed;
      reply(1n);
    });
    const ada = entered("ada");
    ada.send({ type: "request", ref: 1, event: "slow" });
    ada.wire.hangUp();
    await slow.open();
    expect(ada.heard()).toEqual([]);
    expect(application.reported).toEqual([]);
  });
});
