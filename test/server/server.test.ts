import { describe, expect, expectTypeOf, test, vi } from "vitest";
import * as v from "valibot";
import { CarillonError, createServer, type Connection, type Logger } from "../../src/index.ts";
import { createTestServer } from "../../src/testing/index.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";

interface Events {
  chat: { text: string };
  add: (numbers: { a: number; b: number }) => number;
  "user:joined": { id: string };
  "user:left": { id: string };
}

describe("handlers", () => {
  test("all handlers of an event run in the order they were added, patterns among them", async () => {
    const { server, client, close } = createTestServer<Events>();
    const calls: string[] = [];
    server.on("user:*", ({ event }) => calls.push(`user:* ${event}`));
    server.on("user:joined", ({ data }) => calls.push(`exact ${data.id}`));
    server.on("*", ({ event }) => calls.push(`* ${event}`));
    server.on("add", ({ reply }) => reply(0));
    const ada = client();
    ada.send("user:joined", { id: "7" });
    ada.send("chat", { text: "hi" });
    await ada.request("add", { a: 1, b: 1 });
    expect(calls).toEqual(["user:* user:joined", "exact 7", "* user:joined", "* chat", "* add"]);
    await close();
  });

  test("a handler that is added later hears clients that are connected already, and can be taken away", async () => {
    const { server, client, close } = createTestServer<Events>();
    const ada = client();
    await ada.connect();
    const heard: string[] = [];
    const off = server.on("chat", ({ data }) => heard.push(data.text));
    server.on("add", ({ reply }) => reply(0));
    ada.send("chat", { text: "one" });
    await ada.request("add", { a: 0, b: 0 });
    off();
    off();
    ada.send("chat", { text: "two" });
    await ada.request("add", { a: 0, b: 0 });
    expect(heard).toEqual(["one"]);
    await close();
  });

  test("an exception in one harms nobody and reaches the error event", async () => {
    const { server, client, close } = createTestServer<Events>();
    const errors: (string | undefined)[] = [];
    server.on("error", ({ error, event, connection }) => {
      errors.push(`${error.code} ${event} ${(error.cause as Error).message} ${connection?.isOpen}`);
    });
    server.on("chat", () => {
      throw new Error("one");
    });
    server.on("chat", () => Promise.reject(new Error("two")));
    const heard: string[] = [];
    server.on("chat", ({ data }) => heard.push(data.text));
    server.on("add", ({ reply }) => reply(0));
    const ada = client();
    ada.send("chat", { text: "hi" });
    await ada.request("add", { a: 0, b: 0 });
    expect(heard).toEqual(["hi"]);
    expect(errors).toEqual(["handler-failed chat one true", "handler-failed chat two true"]);
    expect(server.stats().failures).toBe(2);
    await close();
  });

  test("an error handler that throws is logged, and so is everything when there is no error handler", async () => {
    const lines: string[] = [];
    const logger: Logger = { info: vi.fn(), warn: vi.fn(), error: (_facts, message) => lines.push(message) };
    const { server, client, close } = createTestServer<Events>({ logger });
    server.on("connect", () => {
      throw new Error("no");
    });
    await client().connect();
    const off = server.on("error", () => {
      throw new Error("worse");
    });
    await client().connect();
    off();
    expect(lines).toHaveLength(2);
    await close();
  });

  test("connect and disconnect come exactly once each, with what ended it", async () => {
    const { server, client, close } = createTestServer<Events>();
    const log: string[] = [];
    server.on("connect", ({ connection }) => log.push(`connect ${connection.isOpen}`));
    server.on("disconnect", ({ connection, code }) => log.push(`disconnect ${code} ${connection.isOpen}`));
    const ada = client();
    await ada.connect();
    await ada.close();
    expect(log).toEqual(["connect true", "disconnect 1000 false"]);
    await close();
    expect(log).toHaveLength(2);
  });

  test("a request that nobody answers is refused at once; what its handler throws reaches the client by code", async () => {
    const { server, client, close } = createTestServer();
    server.on("error", () => undefined);
    const ada = client();
    await expect(ada.request("nothing")).rejects.toMatchObject({ code: "no-handler" });
    server.on("secret", () => {
      throw new Error("password is 1234");
    });
    await expect(ada.request("secret")).rejects.toMatchObject({
      code: "handler-failed",
      message: expect.not.stringContaining("1234"),
    });
    server.on("clear", () => {
      throw new CarillonError("forbidden", { message: "the game has started", details: { round: 3 } });
    });
    await expect(ada.request("clear")).rejects.toMatchObject({
      code: "forbidden",
      message: "the game has started",
      details: { round: 3 },
    });
    await close();
  });
});

describe("sending", () => {
  test("a broadcast reaches everyone but the excepted, or those that the filter accepts", async () => {
    const { server, client, close } = createTestServer<Events, { vip: boolean }>({
      authenticate: ({ token }) => ({ userId: token ?? "nobody", data: { vip: token === "ada" } }),
    });
    const heard: string[] = [];
    const clients = ["ada", "bob", "cem"].map((token) => {
      const one = client({ token });
      one.on("chat", ({ text }) => heard.push(`${token} ${text}`));
      return one;
    });
    await Promise.all(clients.map((one) => one.connect()));
    const bob = server.connections.find(({ userId }) => userId === "bob")!;
    await server.broadcast("chat", { text: "all" });
    await server.broadcast("chat", { text: "not bob" }, { except: bob });
    await server.broadcast("chat", { text: "vip" }, { filter: ({ data }) => data.get("vip") === true });
    await Promise.all(clients.map((one) => one.request("add", { a: 0, b: 0 }).catch(() => undefined)));
    expect(heard.toSorted()).toEqual(["ada all", "ada not bob", "ada vip", "bob all", "cem all", "cem not bob"]);
    await close();
  });

  test("a publication in several channels reaches a member of several once", async () => {
    const { server, client, close } = createTestServer<Events>();
    const ada = client();
    const heard: string[] = [];
    for (const name of ["a", "b"]) {
      ada.channel(name).on("chat", ({ text }, { channel }) => heard.push(`${channel} ${text}`));
      await ada.channel(name).subscribe();
    }
    await server.channel(["b", "a", "b", "empty"]).publish("chat", { text: "once" });
    await server.channel([]).publish("chat", { text: "never" });
    await server.channel("a").publish("chat", { text: "here" });
    await ada.request("add", { a: 0, b: 0 }).catch(() => undefined);
    expect(heard).toEqual(["b once", "a here"]);
    await close();
  });

  test("the server hears a channel as long as it wants to, and keeps it alive meanwhile", async () => {
    const { server, client, close } = createTestServer<Events>();
    const heard: string[] = [];
    const stop = await server.channel("a").subscribe(({ event, from }) => heard.push(`${event} ${from?.user}`));
    expect(server.stats().channels).toBe(1);
    const ada = client();
    await ada.channel("a").subscribe();
    await ada.channel("a").publish("chat", { text: "hi" });
    stop();
    stop();
    await ada.channel("a").publish("chat", { text: "unheard" });
    expect(heard).toEqual(["chat undefined"]);
    await ada.channel("a").unsubscribe();
    expect(server.stats().channels).toBe(0);
    await close();
  });

  test("a request to a client is answered by it, fails by code, or times out", async () => {
    const clock = new ManualClock();
    const { server, client, close } = createTestServer<{ where: () => string; why: () => string; never: () => string }>(
      {
        clock,
      },
    );
    const ada = client();
    ada.on("where", (_data, { reply }) => reply("/start"));
    ada.on("never", () => undefined);
    await ada.connect();
    const [connection] = server.connections;
    expect(await connection!.request("where")).toBe("/start");
    await expect(connection!.request("why")).rejects.toMatchObject({ code: "no-handler" });
    const asked = connection!.request("never", undefined, { timeoutMs: 500 });
    clock.advance(500);
    await expect(asked).rejects.toMatchObject({ code: "timeout" });
    const unanswered = connection!.request("never");
    await ada.close();
    await expect(unanswered).rejects.toMatchObject({ code: "connection-closed" });
    await expect(connection!.request("where")).rejects.toMatchObject({ code: "connection-closed" });
    await close();
  });

  test("what a listener publishes is heard by all after what it answers", async () => {
    const { server, client, close } = createTestServer<{ n: number }>();
    const heard: unknown[] = [];
    await server.channel("a").subscribe(({ data }) => {
      if (data === 1) void server.channel("a").publish("n", 2);
    });
    await server.channel("a").subscribe(({ data }) => heard.push(data));
    const ada = client();
    const received: number[] = [];
    ada.channel("a").on("n", (n) => received.push(n));
    await ada.channel("a").subscribe();
    await ada.channel("a").publish("n", 1);
    expect(heard).toEqual([1, 2]);
    expect(received).toEqual([1, 2]);
    await close();
  });

  test("a request that cannot be encoded fails at once", async () => {
    const { server, client, close } = createTestServer();
    await client().connect();
    await expect(server.connections[0]!.request("x", { n: 1n })).rejects.toMatchObject({ code: "payload-invalid" });
    await close();
  });

  test("names that cannot be, and reserved ones, are refused where they are written", async () => {
    const { server, close } = createTestServer();
    expect(() => server.broadcast("connect")).toThrow(CarillonError);
    expect(() => server.channel("").publish("x")).toThrow(/channel name/);
    expect(() => server.channel("a").publish("")).toThrow(/event name/);
    expect(() => server.on("a*b", () => undefined)).toThrow(/last character/);
    await close();
  });
});

describe("the state of a channel", () => {
  test("is written by the server and its clients, told to who comes late, read and forgotten", async () => {
    const { server, client, close } = createTestServer({
      channels: { board: { state: { keys: 2 }, publish: "anyone" } },
    });
    const board = server.channel("board");
    const { id } = await board.publish("move", { to: "e4" }, { stateKey: "white" });
    await client().channel("board").publish("move", { to: "e5" }, { stateKey: "black" });
    expect(await board.state()).toMatchObject([
      { id, channel: "board", event: "move", data: { to: "e4" }, stateKey: "white" },
      { data: { to: "e5" }, stateKey: "black" },
    ]);
    const late = client().channel("board");
    const heard: unknown[] = [];
    late.on("move", (data, { stateKey }) => heard.push([stateKey, data]));
    await late.subscribe();
    await board.publish("move", undefined, { stateKey: "black" });
    await late.history().catch(() => undefined);
    expect(heard).toEqual([
      ["white", { to: "e4" }],
      ["black", { to: "e5" }],
      ["black", undefined],
    ]);
    await board.publish("move", 1, { stateKey: "b" });
    await expect(board.publish("move", 1, { stateKey: "c" })).rejects.toMatchObject({ code: "limit-exceeded" });
    await board.clearState();
    expect(await board.state()).toEqual([]);
    await expect(server.channel("plain").state()).rejects.toMatchObject({ code: "not-supported" });
    await expect(server.channel("plain").clearState()).rejects.toMatchObject({ code: "not-supported" });
    expect(() => board.publish("move", 1, { stateKey: "" })).toThrow(/state key/);
    expect(() => server.channel("plain").publish("move", 1, { stateKey: "a" })).toThrow(/state: true/);
    await close();
  });
});

describe("batches", () => {
  test("payloads of a batched event travel together, at the latest after everyMs", async () => {
    const clock = new ManualClock();
    const { server, client, close } = createTestServer<{ tick: number; sync: () => null }>({ clock });
    server.batch("tick", { everyMs: 1_000, maxItems: 3 });
    const ada = client();
    const heard: string[] = [];
    ada.on("tick", (n) => heard.push(`all ${n}`));
    ada.channel("a").on("tick", (n) => heard.push(`a ${n}`));
    await ada.channel("a").subscribe();
    const { delivered } = server.stats();
    const first = server.channel("a").publish("tick", 1);
    void server.channel("a").publish("tick", 2);
    void server.broadcast("tick", 7);
    clock.advance(999);
    expect(server.stats().delivered).toBe(delivered);
    clock.advance(1);
    await first;
    expect(server.stats().delivered).toBe(delivered + 2);
    for (const n of [3, 4, 5, 6]) void server.channel("a").publish("tick", n);
    // Three are full; the fourth waits.
    await ada.request("sync").catch(() => undefined);
    expect(heard).toEqual(["a 1", "a 2", "all 7", "a 3", "a 4", "a 5"]);
    clock.advance(1_000);
    await ada.request("sync").catch(() => undefined);
    expect(heard.at(-1)).toBe("a 6");
    await close();
    expect(clock.timers).toBe(0);
  });

  test("a batch cannot be state", async () => {
    const { server, close } = createTestServer({ channels: { board: { state: true } } });
    server.batch("tick", { everyMs: 10 });
    expect(() => server.channel("board").publish("tick", 1, { stateKey: "k" })).toThrow(
      expect.objectContaining({ code: "not-supported" }),
    );
    expect(await server.channel("board").state()).toEqual([]);
    await close();
  });

  test("a batch cannot have other recipients than its channel, and its options are checked", async () => {
    const { server, client, close } = createTestServer();
    server.batch("tick", { everyMs: 10 });
    await client().connect();
    const [connection] = server.connections;
    expect(() => server.broadcast("tick", 1, { filter: () => true })).toThrow(/except, filter or id/);
    expect(() => server.channel("a").publish("tick", 1, { except: connection! })).toThrow(/except, filter or id/);
    expect(() => server.channel(["a", "b"]).publish("tick", 1)).toThrow(/batched/);
    expect(() => server.batch("x", { everyMs: 0 })).toThrow(/everyMs/);
    expect(() => server.batch("x", { everyMs: 1, maxItems: 0 })).toThrow(/maxItems/);
    await close();
  });
});

describe("connections", () => {
  test("authenticate fills user, info and data; middleware wraps, and refuses by not going on", async () => {
    const log: string[] = [];
    const { server, client, close } = createTestServer<Events, { name: string }>({
      authenticate: ({ token, url, headers, ip }) => {
        log.push(`${token} ${url.searchParams.get("v")} ${headers.get("host")} ${ip}`);
        return token === undefined ? undefined : { userId: token, info: { level: 3 }, data: { name: "Ada" } };
      },
    });
    server.use(async (connection, next) => {
      log.push(`before ${connection.userId} ${connection.data.get("name")}`);
      if (connection.userId === "eve") return;
      await next();
      log.push(`after ${connection.isOpen}`);
    });
    server.on("connect", ({ connection }) => log.push(`connect ${JSON.stringify(connection.info)}`));
    await client({ token: "ada", path: "/carillon?v=1" }).connect();
    await expect(client({ token: "eve" }).connect()).rejects.toMatchObject({ code: "forbidden" });
    await expect(client().connect()).rejects.toMatchObject({ code: "unauthorized" });
    expect(log).toEqual([
      "ada 1 localhost 127.0.0.1",
      "before ada Ada",
      `connect {"level":3}`,
      "after true",
      "eve null localhost 127.0.0.1",
      "before eve Ada",
      "undefined null localhost 127.0.0.1",
    ]);
    expect(server.stats()).toMatchObject({ connections: 1, connected: 1, refused: 2 });
    await close();
  });

  test.each([
    ["a userId with a control character", { userId: "a\nb" }],
    ["a userId of 129 characters", { userId: "a".repeat(129) }],
    ["an empty userId", { userId: "" }],
    ["info that nobody could be told", { userId: "ada", info: { n: 1n } }],
  ])("%s from authenticate lets nobody in, and is reported", async (_name, identity) => {
    const { server, client, close } = createTestServer({ authenticate: () => identity });
    const failures: string[] = [];
    server.on("error", ({ error }) => failures.push(error.code));
    await expect(client({ reconnect: false }).connect()).rejects.toMatchObject({ code: "internal" });
    expect(failures).toEqual(["internal"]);
    await close();
  });

  test("a client that was told to go is not listened to any more", async () => {
    const { server, client, close } = createTestServer<{ chat: string }>();
    const heard: string[] = [];
    server.on("chat", ({ connection, data }) => {
      heard.push(data);
      connection.close();
    });
    const ada = client();
    ada.send("chat", "one");
    ada.send("chat", "two");
    await new Promise((resolve) => void ada.on("disconnect", resolve));
    expect(heard).toEqual(["one"]);
    await close();
  });

  test("the server puts a client into a channel and takes it out, and the client knows", async () => {
    const { server, client, close } = createTestServer<Events>();
    const ada = client();
    const heard: string[] = [];
    ada.channel("a").on("chat", ({ text }) => heard.push(text));
    await ada.connect();
    const [connection] = server.connections;
    await connection!.subscribe("a");
    await expect(connection!.subscribe("a")).rejects.toMatchObject({ code: "already-subscribed" });
    await server.channel("a").publish("chat", { text: "in" });
    expect(connection!.channels).toEqual(["a"]);
    expect(server.channel("a").connections).toEqual([connection]);
    await connection!.unsubscribe("a");
    await connection!.unsubscribe("a");
    await server.channel("a").publish("chat", { text: "out" });
    await ada.request("x" as "add", { a: 0, b: 0 }).catch(() => undefined);
    expect(heard).toEqual(["in"]);
    expect(ada.channel("a").state).toMatchObject({ kind: "unsubscribed" });
    await close();
  });

  test("W39: a close code or reason that cannot be on the wire is refused, and nothing is sent", async () => {
    const { server, client, close } = createTestServer();
    await client().connect();
    const [connection] = server.connections;
    for (const code of [0, 999, 1001, 1006, 2999, 3999, 5000, 4000.5]) {
      expect(() => connection!.close(code)).toThrow(/close code/);
    }
    expect(() => connection!.close(4000, "é".repeat(62))).toThrow(/123 bytes/);
    expect(() => connection!.close(4000, new Uint8Array(8) as unknown as string)).toThrow(/123 bytes/);
    expect(connection!.isOpen).toBe(true);
    connection!.close(4000, "é".repeat(61));
    await close();
  });

  test("a client that the application closes stays away, unless the code says otherwise", async () => {
    const { server, client, close } = createTestServer();
    const ada = client();
    await ada.connect();
    const ended = new Promise((resolve) => void ada.on("disconnect", resolve));
    server.connections[0]!.close();
    await expect(ended).resolves.toMatchObject({ code: 4410, willReconnect: false });
    await close();
  });
});

describe("options", () => {
  test("schemas check what clients send, and say what is wrong and where", async () => {
    const { server, client, close } = createTestServer<Events>({
      schemas: {
        chat: v.object({ text: v.pipe(v.string(), v.maxLength(5)) }),
        add: v.object({ a: v.number(), b: v.number() }),
      },
    });
    const heard: unknown[] = [];
    server.on("add", ({ data, reply }) => reply(data.a + data.b));
    const ada = client();
    ada.channel("a").on("chat", (data) => heard.push(data));
    await ada.channel("a").subscribe();
    await expect(ada.channel("a").publish("chat", { text: "too long" })).rejects.toMatchObject({
      code: "payload-invalid",
      details: [{ path: ["text"], message: expect.any(String) }],
    });
    await ada.channel("a").publish("chat", { text: "fine", more: 1 } as Events["chat"]);
    await expect(ada.request("add", { a: 1, b: "2" as unknown as number })).rejects.toMatchObject({
      code: "payload-invalid",
    });
    expect(await ada.request("add", { a: 1, b: 2 })).toBe(3);
    // What the schema made of it: valibot drops what it does not know.
    expect(heard).toEqual([{ text: "fine" }]);
    await close();
  });

  test("impossible ones are refused when the server is made, with the fix in the message", () => {
    expect(() => createServer({ origins: ["app.example.com"] })).toThrow(/"app.example.com" is not an origin/);
    expect(() => createServer({ endpoints: { carillon: undefined as never } })).toThrow(/plain path/);
    expect(() => createServer({ limits: { subscriptions: 0 } })).toThrow(/subscriptions must be/);
    expect(() => createServer({ limits: { rooms: 1 } as never })).toThrow(
      /"rooms" is no limit; there are subscriptions/,
    );
    expect(() => createServer({ channels: { "a*b": {} } })).toThrow(/last character/);
  });

  test("a limit that is undefined is the default", async () => {
    const { client, close } = createTestServer({ limits: { subscriptions: undefined } as object });
    await client().channel("a").subscribe();
    await close();
  });

  test("limits.subscriptions holds at the limit and one past it", async () => {
    const { client, close } = createTestServer({ limits: { subscriptions: 2 } });
    const ada = client();
    await ada.channel("a").subscribe();
    await ada.channel("b").subscribe();
    await expect(ada.channel("c").subscribe()).rejects.toMatchObject({ code: "limit-exceeded" });
    await ada.channel("a").unsubscribe();
    await ada.channel("c").subscribe();
    await close();
  });

  test("closing twice is closing once, and a closed server lets nobody in", async () => {
    const { server, client, close } = createTestServer();
    await close();
    await server.close();
    await expect(client({ reconnect: false }).connect()).rejects.toMatchObject({ code: "connect-failed" });
  });

  test("the event map types handlers, sends, requests and answers", () => {
    const server = createServer<Events, { name: string }>();
    server.on("add", ({ data, reply, connection }) => {
      expectTypeOf(data).toEqualTypeOf<{ a: number; b: number }>();
      expectTypeOf(reply).parameter(0).toEqualTypeOf<number | undefined>();
      expectTypeOf(connection.data.get("name")).toEqualTypeOf<string | undefined>();
    });
    server.on("user:*", ({ data, event }) => {
      expectTypeOf(data).toBeUnknown();
      expectTypeOf(event).toEqualTypeOf<string>();
    });
    // @ts-expect-error -- not in the map
    server.on("unheard-of", () => undefined);
    // @ts-expect-error -- the wrong payload
    expect(() => server.channel("a").publish("chat", { txt: "" })).not.toThrow();
    const connection = server.connections[0] as Connection<Events> | undefined;
    // What the map says about the answer is what `request` gives.
    expectTypeOf(connection?.request("add", { a: 1, b: 1 })).toEqualTypeOf<Promise<number> | undefined>();
  });
});
