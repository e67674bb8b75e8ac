import { describe, expect, onTestFinished, test } from "vitest";
import {
  AoMockSocket,
  aoWebsockets,
  type AoConnection,
  type AoIncoming,
} from "../../../src/dialects/ao-websockets/index.ts";
import { CarillonError, createServer } from "../../../src/index.ts";
import { handshake } from "../../server/raw-client.ts";
import { AoClient, serve, until } from "./support.ts";

const named = (event: string): string => `{"e":"${event}"}`;

describe("handlers", () => {
  test("AO-1: are told the payload and the connection of who said it", async () => {
    const { ao, clients } = await serve();
    const heard: AoIncoming[] = [];
    ao.subscribe("event:name", (message) => heard.push(message));
    const [one, other] = await clients(2);
    one!.say('{"e":"event:name","p":{"value":"x"}}');
    await one!.settled();
    other!.say('{"e":"event:name","p":{"value":"y"}}');
    await other!.settled();
    expect(heard.map(({ event, payload }) => [event, payload])).toEqual([
      ["event:name", { value: "x" }],
      ["event:name", { value: "y" }],
    ]);
    expect(heard[0]!.connection).not.toBe(heard[1]!.connection);
  });

  test("AO-2: answer on the same connection, with a line feed behind", async () => {
    const { ao, clients } = await serve();
    ao.subscribe("ask", ({ payload, connection }) => connection.sendMessage({ event: "answer", payload }));
    const [one, other] = await clients(2);
    one!.say('{"e":"ask","p":{"value":"data"}}');
    expect(await one!.next()).toBe('{"e":"answer","p":{"value":"data"}}\n');
    expect(await other!.settled()).toEqual([]);
  });

  test("AO-3: run all, in the order they were added, and not once they are taken away", async () => {
    const { ao, connect } = await serve();
    const runs: string[] = [];
    ao.subscribe("x", () => runs.push("first"));
    const stop = ao.subscribe("*", () => runs.push("all"));
    ao.subscribe("x", () => runs.push("second"));
    const client = await connect();
    client.say(named("x"));
    await until(() => runs.length === 3);
    expect(runs).toEqual(["first", "all", "second"]);
    stop();
    stop();
    client.say(named("x"));
    await until(() => runs.length === 5);
    expect(runs.slice(3)).toEqual(["first", "second"]);
  });

  test("AO-8: that throw or reject harm nobody, and are reported", async () => {
    const { ao, connect, failures } = await serve();
    const heard: unknown[] = [];
    ao.subscribe("bad", ({ payload }) => {
      heard.push(payload);
      throw new Error("no");
    });
    ao.subscribe("bad", () => Promise.reject(new Error("no")));
    const client = await connect();
    client.say('{"e":"bad","p":{"n":1}}', '{"e":"bad","p":{"n":2}}');
    expect(await client.settled()).toEqual([]);
    expect(heard).toEqual([{ n: 1 }, { n: 2 }]);
    await until(() => failures.length === 4);
    expect(failures.map(({ error, event }) => [error.code, event])).toEqual(
      Array.from({ length: 4 }, () => ["handler-failed", "bad"]),
    );
  });

  test("AO-12: of grp:* alone hear grp:two, grp:one:deep and grp, and not other", async () => {
    const { ao, connect } = await serve();
    const heard: string[] = [];
    ao.subscribe("grp:*", ({ event }) => heard.push(event));
    const client = await connect();
    client.say(...["grp:two", "grp:one:deep", "grp", "other", "grpx", "x:grp:two", "grp:"].map(named));
    await client.settled();
    expect(heard).toEqual(["grp:two", "grp:one:deep", "grp", "grp:"]);
  });

  test.each(["", ":", "a:*:b", "*:a", "a*", "::", ":*", "a\u0000b", "x".repeat(201)])(
    "AO-13: of %j are an error",
    (event) => {
      const ao = aoWebsockets();
      expect(() => ao.subscribe(event, () => undefined)).toThrow(
        expect.objectContaining({ code: "event-name-invalid" }),
      );
    },
  );

  test.each(["*", "a:*", "a:b", "a:", "a::b", "x".repeat(200), "connect", "error"])("of %j are none", (event) => {
    expect(() => aoWebsockets().subscribe(event, () => undefined)).not.toThrow();
  });

  test("AO-14: that nobody has for an event are told of as unhandled, and the connection stays", async () => {
    const { ao, server, connect } = await serve();
    const missed: unknown[] = [];
    ao.onUnhandled(({ event, payload }) => missed.push([event, payload]));
    ao.onUnhandled(() => {
      throw new Error("no");
    });
    ao.subscribe("grp:one", () => undefined);
    server.on("elsewhere", () => undefined);
    const client = await connect();
    const long = "x".repeat(201);
    client.say(
      '{"e":"what","p":{"n":1}}',
      named("grp"),
      named("elsewhere"),
      named("batch_x"),
      named(long),
      named("gap"),
    );
    expect(await client.settled()).toEqual([]);
    expect(missed).toEqual([
      ["what", { n: 1 }],
      ["grp", null],
      ["batch_x", null],
      [long, null],
      ["gap", null],
    ]);
    expect(ao.countConnections()).toBe(1);
  });

  test.each(["connect", "disconnect", "error", "gap"])("may be for %s, and then they alone hear it", async (event) => {
    const { ao, server, connect } = await serve();
    const heard: unknown[] = [];
    ao.subscribe(event, ({ payload }) => heard.push(payload));
    ao.subscribe("*", () => undefined);
    server.on("*", ({ event: other }) => heard.push(other));
    const client = await connect();
    client.say(`{"e":"${event}","p":{"n":1}}`);
    await client.settled();
    expect(heard).toEqual([{ n: 1 }, "mark"]);
  });

  test.each(['{"e":"x"}', '{"e":"x","p":null}'])("AO-27, G18: are told no payload of %s", async (said) => {
    const { ao, server, connect } = await serve();
    const heard: unknown[] = [];
    ao.subscribe("x", ({ payload }) => heard.push(payload));
    server.on("x", ({ data }) => heard.push(data));
    const client = await connect();
    client.say(said);
    await client.settled();
    expect(heard).toEqual([null, null]);
  });

  test("are not told of what fits no schema, or what an interceptor refuses, and the client stays", async () => {
    const lines: object[] = [];
    const line = (facts: object): void => void lines.push(facts);
    const validate = (): { readonly issues: readonly { readonly message: string }[] } => ({
      issues: [{ message: "no" }],
    });
    const { ao, server, connect } = await serve(
      { logger: { info: line, warn: line, error: line } },
      { schemas: { x: { "~standard": { version: 1, vendor: "test", validate } } } },
    );
    server.intercept(({ event }) => {
      if (event === "y") throw new CarillonError("forbidden");
    });
    const heard: string[] = [];
    ao.subscribe("*", ({ event }) => heard.push(event));
    const client = await connect();
    client.say(named("x"), named("y"), named("x"));
    expect(await client.settled()).toEqual([]);
    expect(heard).toEqual(["mark"]);
    expect(lines).toEqual([{ connection: server.connections[0]!.id, what: "the data does not fit the schema" }]);
  });

  test("§D.2: hear what a client said before it left, and then it is gone", async () => {
    const { ao, server, connect } = await serve();
    const { promise, resolve } = Promise.withResolvers<boolean>();
    server.intercept(({ event }) => event !== "slow" || promise);
    const heard: string[] = [];
    ao.subscribe("*", ({ event }) => heard.push(event));
    ao.onConnectionClose(() => heard.push("closed"));
    const client = await connect();
    client.say(named("slow"), named("after"));
    await client.leave();
    expect(heard).toEqual([]);
    resolve(true);
    await until(() => heard.includes("closed"));
    expect(heard).toEqual(["slow", "after", "closed"]);
  });

  test("come behind the server's interceptors and schemas, and before its own handlers", async () => {
    const { ao, server, connect } = await serve();
    const heard: unknown[] = [];
    server.intercept((message) => {
      if (message.event === "old") message.event = "new";
      return message.event !== "drop";
    });
    ao.subscribe("new", ({ payload }) => heard.push(["ao", payload]));
    ao.subscribe("drop", () => heard.push("drop"));
    server.on("new", ({ data, connection }) => heard.push([connection.dialect, data]));
    const client = await connect();
    client.say('{"e":"old","p":{"n":1}}', named("drop"));
    await client.settled();
    expect(heard).toEqual([
      ["ao", { n: 1 }],
      ["ao-websockets", { n: 1 }],
    ]);
  });
});

describe("publish()", () => {
  test("AO-4: reaches all, or those for which the filter is true", async () => {
    const { ao, clients } = await serve();
    ao.subscribe("name", ({ payload, connection }) => connection.set("name", payload?.["name"]));
    const [ada, bob] = await clients(2);
    ada!.say('{"e":"name","p":{"name":"ada"}}');
    bob!.say('{"e":"name","p":{"name":"bob"}}');
    await Promise.all([ada!.settled(), bob!.settled()]);
    ao.publish({ event: "none" }, () => false);
    ao.publish({ event: "all" }, () => true);
    ao.publish({ event: "ada", payload: { n: 1 } }, (connection) => connection.get("name") === "ada");
    ao.publish({ event: "everyone", payload: { n: 2 } });
    expect(await ada!.settled()).toEqual([
      '{"e":"all","p":null}\n',
      '{"e":"ada","p":{"n":1}}\n',
      '{"e":"everyone","p":{"n":2}}\n',
    ]);
    expect(await bob!.settled()).toEqual(['{"e":"all","p":null}\n', '{"e":"everyone","p":{"n":2}}\n']);
  });

  test("includes the sender when a connection publishes", async () => {
    const { ao, clients } = await serve();
    ao.subscribe("say", ({ event, payload, connection }) => connection.publish({ event, payload }));
    const [one, other] = await clients(2);
    one!.say('{"e":"say","p":{"n":1}}');
    for (const client of [one, other]) expect(await client!.next()).toBe('{"e":"say","p":{"n":1}}\n');
  });

  test("AO-25: sendMessage with a filter reaches exactly those, and a filter that throws harms nobody", async () => {
    const { ao, clients, failures } = await serve();
    const seen: AoConnection[] = [];
    ao.subscribe("me", ({ connection }) => seen.push(connection));
    const [one, two, three] = await clients(3);
    for (const client of [one, two, three]) {
      client!.say(named("me"));
      await client!.settled();
    }
    seen[0]!.sendMessage({ event: "x" }, (connection) => {
      if (connection === seen[1]) throw new Error("no");
      return connection === seen[2];
    });
    expect(await one!.settled()).toEqual([]);
    expect(await two!.settled()).toEqual([]);
    expect(await three!.settled()).toEqual(['{"e":"x","p":null}\n']);
    expect(failures.map(({ error, connection }) => [error.code, connection?.id])).toEqual([
      ["handler-failed", seen[1]!.id],
    ]);
    expect(
      ao.countConnections(() => {
        throw new Error("no");
      }),
    ).toBe(0);
  });

  test.each(["*", "a:*", "", ":"])("of %j is an error, and reaches nobody", async (event) => {
    const { ao, connect } = await serve();
    const client = await connect();
    expect(() => ao.publish({ event })).toThrow(expect.objectContaining({ code: "event-name-invalid" }));
    expect(await client.settled()).toEqual([]);
  });

  test("of what many hear is encoded once, in a batch, too", async () => {
    const { ao, server, clients } = await serve();
    ao.useBatch("batched", 5);
    const all = await clients(3);
    let encoded = 0;
    const payload = {
      toJSON() {
        encoded += 1;
        return { n: 1 };
      },
    };
    ao.publish({ event: "plain", payload });
    ao.publish({ event: "filtered", payload }, () => true);
    ao.publish({ event: "batched", payload });
    await server.broadcast("broadcast", payload);
    expect(encoded).toBe(4);
    for (const client of all) {
      expect(await client.take(4)).toEqual([
        '{"e":"plain","p":{"n":1}}\n',
        '{"e":"filtered","p":{"n":1}}\n',
        '{"e":"broadcast","p":{"n":1}}\n',
        '{"e":"batch_batched","p":{"d":[{"n":1}]}}\n',
      ]);
    }
  });

  test("passes over those whom its filter closes", async () => {
    const { ao, failures } = await serve();
    ao.useBatch("x", 60_000);
    const socket = new AoMockSocket();
    const ended = ao.connect(socket);
    expect(ao.countConnections()).toBe(1);
    ao.publish({ event: "x" }, ({ connection }) => {
      connection.close(4_000);
      return true;
    });
    await ended;
    expect([socket.written, ao.countConnections(), failures]).toEqual([[], 0, []]);
  });

  test("of what no JSON can say is an error, and reaches nobody", async () => {
    const { ao, connect } = await serve();
    const client = await connect();
    expect(() => ao.publish({ event: "x", payload: { n: 1n } })).toThrow(
      expect.objectContaining({ code: "payload-invalid" }),
    );
    expect(await client.settled()).toEqual([]);
  });
});

describe("connections", () => {
  test("AO-5: keep what was set, each its own, where the server finds it", async () => {
    const { ao, server, clients } = await serve();
    const seen: AoConnection[] = [];
    ao.subscribe("me", ({ connection }) => seen.push(connection));
    const [one, two] = await clients(2);
    one!.say(named("me"));
    await one!.settled();
    two!.say(named("me"));
    await two!.settled();
    seen[0]!.set("k", "v");
    expect(seen[0]!.get("k")).toBe("v");
    expect(seen[0]!.get("unknown")).toBeUndefined();
    expect(seen[1]!.get("k")).toBeUndefined();
    expect(server.connection(seen[0]!.id)?.data.get("k")).toBe("v");
    expect(seen[0]!.locals("constructor")).toBeUndefined();
  });

  test("AO-10: are counted, all or by a filter, and no more once they have gone", async () => {
    const { ao, clients } = await serve();
    const [one] = await clients(3);
    expect(ao.countConnections()).toBe(3);
    const ids: string[] = [];
    expect(ao.countConnections(({ id }) => ids.push(id) === 1)).toBe(1);
    await one!.leave();
    await until(() => ao.countConnections() === 2);
    expect(new Set(ids).size).toBe(3);
  });

  test("AO-9: tell the close hooks once, when they are not counted any more; one that throws harms nobody", async () => {
    const { ao, clients, failures } = await serve();
    const gone: [string, number][] = [];
    ao.onConnectionClose(() => {
      throw new Error("no");
    });
    const stop = ao.onConnectionClose(({ id }) => gone.push([id, ao.countConnections()]));
    const [one, two, three] = await clients(3);
    one!.socket.terminate();
    await until(() => gone.length === 1);
    await two!.leave();
    await until(() => gone.length === 2);
    expect(gone.map(([, count]) => count)).toEqual([2, 1]);
    expect(failures.map(({ error }) => error.code)).toEqual(["handler-failed", "handler-failed"]);
    stop();
    await three!.leave();
    await until(() => ao.countConnections() === 0);
    expect(gone).toHaveLength(2);
  });
});

describe("shutdown()", () => {
  test("AO-11: tells the hooks once each, closes with 1001, counts nobody and takes nobody", async () => {
    const { ao, clients, url, failures } = await serve();
    const gone: string[] = [];
    const heard: string[] = [];
    ao.onConnectionClose(({ id }) => gone.push(id));
    ao.subscribe("late", ({ event }) => heard.push(event));
    ao.useBatch("waits", 60_000);
    const all = await clients(3);
    ao.publish({ event: "waits", payload: { n: 1 } });
    ao.shutdown();
    all[0]!.say(named("late"));
    expect(ao.countConnections()).toBe(0);
    expect(gone).toHaveLength(3);
    for (const client of all) {
      expect(await client.untilClosed()).toEqual(['{"e":"batch_waits","p":{"d":[{"n":1}]}}\n']);
      expect(await client.closed).toEqual({ code: 1_001, reason: "" });
    }
    expect(await handshake(url.replace("ws:", "http:"))).toMatchObject({ status: 503, body: "Service Unavailable" });
    ao.shutdown();
    ao.publish({ event: "nobody" });
    expect([new Set(gone).size, gone.length, heard, failures]).toEqual([3, 3, [], []]);
  });

  test("closing the server does the same to clients", async () => {
    const { ao, server, clients } = await serve();
    const gone: string[] = [];
    ao.onConnectionClose(({ id }) => gone.push(id));
    ao.useBatch("waits", 60_000);
    const [client] = await clients(1);
    ao.publish({ event: "waits" });
    await server.close();
    expect(await client!.untilClosed()).toEqual(['{"e":"batch_waits","p":{"d":[null]}}\n']);
    expect(await client!.closed).toEqual({ code: 1_001, reason: "" });
    expect(gone).toHaveLength(1);
  });
});

describe("mounting", () => {
  test("comes before publishing, counting and the like, and after subscribing", async () => {
    const ao = aoWebsockets();
    ao.subscribe("x", () => undefined);
    ao.useBatch("x", 1);
    ao.onConnectionClose(() => undefined);
    ao.onUnhandled(() => undefined);
    const refused = expect.objectContaining({
      code: "option-invalid",
      message: expect.stringContaining("mount it") as string,
    });
    expect(() => ao.publish({ event: "x" })).toThrow(refused);
    expect(() => ao.countConnections()).toThrow(refused);
    expect(() => ao.shutdown()).toThrow(refused);
    await expect(ao.connect({ readMessage: () => Promise.reject(), writeMessage() {}, close() {} })).rejects.toThrow(
      refused,
    );
  });

  test("on two paths shares the clients, and into a second server is refused", async () => {
    const ao = aoWebsockets();
    const server = createServer({ endpoints: { "/ao": ao, "/other": ao } });
    onTestFinished(() => server.close());
    const { port } = await server.listen({ host: "127.0.0.1" });
    const all = [
      await AoClient.connect(`ws://127.0.0.1:${port}/ao`),
      await AoClient.connect(`ws://127.0.0.1:${port}/other`),
    ];
    await until(() => ao.countConnections() === 2);
    ao.publish({ event: "x" });
    for (const client of all) {
      expect(await client.next()).toBe('{"e":"x","p":null}\n');
      await client.leave();
    }
    expect(() => createServer({ endpoints: { "/ao": ao } })).toThrow(
      expect.objectContaining({ code: "option-invalid" }),
    );
  });
});
