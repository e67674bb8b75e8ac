import { once } from "node:events";
import { describe, expect, test } from "vitest";
import type { CarillonError, Ending } from "../../../src/index.ts";
import type { Socket } from "../../../src/dialects/socket-go/index.ts";
import { echo, serve, until } from "./support.ts";

describe("events of socket.go", () => {
  test("SGO-1 an event runs its handlers with its data and the socket that sent it", async () => {
    const { chat, server, connect } = await serve();
    const heard: unknown[] = [];
    chat.on("chat", (socket, data) => heard.push([socket.id, data]));
    chat.on("chat", () => heard.push("second"));
    server.on("chat", ({ connection, data }) => heard.push([connection.id, connection.dialect, data]));
    let id = "";
    chat.on("connect", (socket) => {
      id = socket.id;
    });
    const client = await connect();
    client.say('{"event":"chat","data":"hi"}');
    await until(() => heard.length === 3);
    expect(id).toMatch(/^[0-9a-f]{16}-[0-9a-f]{4}$/);
    expect(heard).toEqual([[id, "hi"], "second", [id, "socket-go", "hi"]]);
  });

  test("SGO-2 nothing is sent without a field for it, and 0 with one", async () => {
    const { chat, connect } = await serve();
    chat.on("connect", (socket) => {
      for (const data of [null, undefined, 0, false, ""]) socket.send("x", data);
    });
    const client = await connect();
    expect(await client.take(5)).toEqual([
      '{"event":"x"}',
      '{"event":"x"}',
      '{"event":"x","data":0}',
      '{"event":"x","data":false}',
      '{"event":"x","data":""}',
    ]);
  });

  test.each(["{bad", '[{"event":"chat"}]', '"s"', '{"event":5}', ""])(
    "SGO-3 after %s error handlers have run, nothing was sent, and the connection stays",
    async (frame) => {
      const { chat, connect, failures } = await serve();
      const { heard } = echo(chat);
      const errors: [string, CarillonError][] = [];
      chat.on("error", (socket, error) => errors.push([socket.id, error]));
      const client = await connect();
      client.say(frame);
      client.say('{"event":"chat","data":1}');
      expect(await client.next()).toBe('{"event":"echo","data":1}');
      expect(heard).toEqual([1]);
      expect(errors).toHaveLength(1);
      expect(errors[0]?.[1]).toMatchObject({ code: "bad-request", message: "invalid message format" });
      expect(failures).toEqual([]);
    },
  );

  test("SGO-3 null, an empty event and an event without handlers are ignored", async () => {
    const { chat, connect } = await serve();
    const errors: unknown[] = [];
    chat.on("error", (_, error) => errors.push(error));
    chat.on("last", (socket) => socket.send("done"));
    const client = await connect();
    for (const frame of ["null", "{}", '{"event":"","data":1}', '{"event":"nobody","data":1}', '{"event":"last"}']) {
      client.say(frame);
    }
    expect(await client.next()).toBe('{"event":"done"}');
    expect(errors).toEqual([]);
  });

  test("an event name of the server's own words, or none at all, reaches error handlers only", async () => {
    const { chat, connect } = await serve();
    const codes: string[] = [];
    echo(chat);
    chat.on("error", (_, { code }) => codes.push(code));
    const client = await connect();
    client.say(JSON.stringify({ event: "a".repeat(201) }));
    client.say(JSON.stringify({ event: "a\u0000" }));
    client.say(JSON.stringify({ event: "a".repeat(200), data: 1 }));
    expect(await client.next()).toBe('{"event":"echo","data":1}');
    expect(codes).toEqual(["event-name-invalid", "event-name-invalid"]);
  });

  test("SGO-4 300 messages in a burst are handled and answered in order", async () => {
    const { chat, connect } = await serve();
    const { heard } = echo(chat);
    const client = await connect();
    const numbers = Array.from({ length: 300 }, (_, index) => index);
    for (const number of numbers) client.say(`{"event":"chat","data":${number}}`);
    expect(await client.take(300)).toEqual(numbers.map((number) => `{"event":"echo","data":${number}}`));
    expect(heard).toEqual(numbers);
  });

  test.each(["disconnect", "connect", "error"])(
    "SGO-8 G15 a client that sends %s runs no handler, hears nothing, and stays in its rooms",
    async (event) => {
      const { chat, server, connect, failures } = await serve();
      const ran: string[] = [];
      const { heard } = echo(chat);
      let socket: Socket | undefined;
      chat.on("connect", async (one) => {
        socket = one;
        await chat.join(one.id, "r");
      });
      const client = await connect();
      await until(() => socket !== undefined);
      for (const name of ["connect", "disconnect", "error"] as const) {
        chat.on(name, () => ran.push(name));
        socket?.on(name, () => ran.push(`own ${name}`));
      }
      server.on("disconnect", () => ran.push("server disconnect"));
      for (const name of [event, event]) client.say(JSON.stringify({ event: name, data: { any: 1 } }));
      client.say('{"event":"still","data":"here"}');
      expect(await client.next()).toBe('{"event":"echo","data":"here"}');
      expect([ran, heard, failures]).toEqual([[], ["here"], []]);
      expect(chat.roomsOf(socket?.id ?? "")).toEqual(["r"]);
      await chat.broadcastToRoom("r", "news", 1);
      expect(await client.next()).toBe('{"event":"news","data":1}');
    },
  );

  test.each(["message", "gap"])("SGO-49 G-18 %s is an ordinary event", async (event) => {
    const { chat, connect, failures } = await serve();
    chat.on(event, (socket, data) => socket.send("echo", data));
    const client = await connect();
    client.say(JSON.stringify({ event, data: 1 }));
    expect(await client.next()).toBe('{"event":"echo","data":1}');
    expect(failures).toEqual([]);
  });

  test("SGO-8 the event error is heard as mere data by whoever asked for it", async () => {
    const heard: unknown[] = [];
    const onErrorEvent = (socket: Socket, data: unknown): void => {
      heard.push([socket.id, data]);
      throw new Error("broken");
    };
    const { chat, connect, failures } = await serve({ onErrorEvent });
    const errors: string[] = [];
    echo(chat);
    chat.on("error", (_, error) => errors.push(error.code));
    const client = await connect();
    client.say('{"event":"error","data":{"code":7}}');
    client.say('{"event":"connect"}');
    client.say('{"event":"x"}');
    await client.next();
    expect(heard).toEqual([[expect.any(String), { code: 7 }]]);
    expect(errors).toEqual(["handler-failed"]);
    expect(failures.map(({ code }) => code)).toEqual(["handler-failed"]);
  });

  test("SGO-9 disconnect handlers run once, and then nothing is left of the client", async () => {
    const { chat, server, connect } = await serve();
    const ended: [string, Ending, readonly string[], number, boolean][] = [];
    const own: unknown[] = [];
    chat.on("connect", (socket) => {
      void chat.join(socket.id, "r");
      socket.on("disconnect", (ending) => own.push(ending));
    });
    chat.on("disconnect", (socket, ending) => {
      ended.push([socket.id, ending, chat.roomsOf(socket.id), chat.count(), socket.isConnected]);
    });
    const left: unknown[] = [];
    server.on("disconnect", ({ code }) => left.push(code));
    const client = await connect();
    await until(() => chat.in("r").length === 1);
    const [socket] = chat.in("r");
    expect([chat.count(), socket?.isConnected]).toEqual([1, true]);
    client.socket.close(3_333, "bye");
    expect(await client.closed).toBe(3_333);
    await until(() => left.length > 0);
    expect(ended).toEqual([[socket?.id, { code: 3_333, reason: "bye" }, ["r"], 0, false]]);
    expect([own, left]).toEqual([[{ code: 3_333, reason: "bye" }], [3_333]]);
    expect(chat.roomsOf(socket?.id ?? "")).toEqual([]);
    expect(chat.in("r")).toEqual([]);
    expect(chat.socket(socket?.id ?? "")).toBeUndefined();
    expect(() => socket?.send("late")).toThrow(
      expect.objectContaining({ code: "closed", message: "connection closed" }),
    );
  });

  test("SGO-58 what a client said before it left is heard before disconnect, however slowly", async () => {
    const { chat, server, connect } = await serve({ maxConnections: 1 });
    const ran: unknown[] = [];
    const { promise: slow, resolve: release } = Promise.withResolvers<void>();
    server.intercept(() => slow);
    chat.on("x", (_, data) => ran.push(data));
    chat.on("disconnect", ({ id }, { code }) => ran.push([code, chat.roomsOf(id)]));
    chat.on("connect", ({ id }) => void chat.join(id, "r"));
    const client = await connect();
    for (let count = 0; count < 80; count += 1) client.say(`{"event":"x","data":${count}}`);
    client.socket.close(1_000);
    await client.closed;
    // Its place is free.
    await connect();
    expect(ran).toEqual([]);
    release();
    await until(() => ran.length === 81);
    expect(ran).toEqual([...Array.from({ length: 80 }, (_, index) => index), [1_000, ["r"]]]);
  });

  test("SGO-58 what waits when the server closes a client is not heard", async () => {
    const { chat, server, connect, poller } = await serve();
    const ran: unknown[] = [];
    const { promise: slow, resolve: release } = Promise.withResolvers<void>();
    server.intercept(() => slow);
    const sockets: Socket[] = [];
    chat.on("connect", (socket) => sockets.push(socket));
    chat.on("x", (_, data) => ran.push(data));
    chat.on("disconnect", () => ran.push("gone"));
    const [web, polled] = [await connect(), await poller()];
    for (const data of ["first", "second"]) {
      web.say(`{"event":"x","data":"${data}"}`);
      await polled.send(`{"event":"x","data":"${data}"}`);
    }
    // The pong comes after what was said.
    web.socket.ping();
    await once(web.socket, "pong");
    chat.broadcast("unread");
    for (const socket of sockets) socket.close();
    await web.closed;
    release();
    await polled.poll();
    await until(() => ran.filter((one) => one === "gone").length === 2);
    expect(ran).not.toContain("second");
  });

  test("SGO-10 a handler that is added later hears clients that are connected, until it is taken away", async () => {
    const { chat, connect } = await serve();
    const client = await connect();
    chat.on("last", (socket) => socket.send("done"));
    const take = chat.on("new", (socket, data) => socket.send("heard", data));
    client.say('{"event":"new","data":1}');
    expect(await client.next()).toBe('{"event":"heard","data":1}');
    take();
    client.say('{"event":"new","data":2}');
    client.say('{"event":"last"}');
    expect(await client.next()).toBe('{"event":"done"}');
  });

  test("SGO-43 connect handlers run once with the id, before any handler of a message", async () => {
    const { chat, server, connect } = await serve();
    const ran: string[] = [];
    // The client is let in late, and has said something by then.
    server.use(async (_, next) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await next();
    });
    chat.on("connect", ({ id }) => ran.push(`connect ${id}`));
    chat.on("chat", ({ id }) => ran.push(`chat ${id}`));
    const client = await connect();
    client.say('{"event":"chat"}');
    client.say('{"event":"chat"}');
    await until(() => ran.length === 3);
    const id = ran[0]?.split(" ")[1] ?? "";
    expect(id).not.toBe("");
    expect(ran).toEqual([`connect ${id}`, `chat ${id}`, `chat ${id}`]);
  });

  test("SGO-44 a reply reaches only the client that it is for", async () => {
    const { chat, connect } = await serve();
    chat.on("ask", (socket) => socket.send("reply", "for you"));
    const [a, b] = [await connect(), await connect()];
    a.say('{"event":"ask"}');
    expect(await a.next()).toBe('{"event":"reply","data":"for you"}');
    chat.broadcast("all");
    expect([await a.next(), await b.next()]).toEqual(['{"event":"all"}', '{"event":"all"}']);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("broken");
      },
    ],
    ["rejects", () => Promise.reject(new Error("broken"))],
  ] as const)(
    "SGO-45 after a handler that %s error handlers have run once, and the client stays",
    async (_, broken) => {
      const { chat, connect, failures } = await serve();
      const errors: [string, CarillonError][] = [];
      chat.on("bad", broken);
      chat.on("error", (socket, error) => errors.push([socket.id, error]));
      chat.on("error", broken);
      chat.on("good", (socket) => socket.send("fine"));
      const client = await connect();
      client.say('{"event":"bad"}');
      client.say('{"event":"good"}');
      expect(await client.next()).toBe('{"event":"fine"}');
      await until(() => failures.length === 2);
      expect(errors).toEqual([[expect.any(String), expect.objectContaining({ code: "handler-failed" })]]);
      expect(errors[0]?.[1].cause).toMatchObject({ message: "broken" });
      // The broken error handler is one more, and leads to no other.
      expect(failures.map(({ code }) => code)).toEqual(["handler-failed", "handler-failed"]);
    },
  );

  test("SGO-45 a slow handler of one client delays no other", async () => {
    const { chat, connect } = await serve();
    let release = (): void => undefined;
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    chat.on("slow", async (socket) => {
      await slow;
      socket.send("done");
    });
    chat.on("quick", (socket) => socket.send("quick"));
    const [a, b] = [await connect(), await connect()];
    a.say('{"event":"slow"}');
    a.say('{"event":"quick"}');
    b.say('{"event":"quick"}');
    expect([await b.next(), await a.next()]).toEqual(['{"event":"quick"}', '{"event":"quick"}']);
    release();
    expect(await a.next()).toBe('{"event":"done"}');
  });

  test("SGO-49 the event message is one like others", async () => {
    const { chat, connect } = await serve();
    chat.on("message", (socket, data) => socket.send("message", data));
    const client = await connect();
    client.say('{"event":"message","data":[1]}');
    expect(await client.next()).toBe('{"event":"message","data":[1]}');
  });

  test("off takes away what was added through the socket, and nothing else", async () => {
    const { chat, connect } = await serve();
    const ran: string[] = [];
    chat.on("disconnect", () => ran.push("disconnect"));
    chat.on("x", () => ran.push("all"));
    chat.on("connect", (socket) => {
      socket.on("x", (data) => ran.push(`own ${String(data)}`));
      const take = socket.on("y", () => ran.push("never"));
      socket.on("disconnect", () => ran.push("never"));
      take();
      socket.off("disconnect");
      socket.off("nothing");
      socket.on("off", () => socket.off("x"));
      socket.on("close", () => socket.close());
    });
    const client = await connect();
    for (const event of ["x", "y", "off", "x", "close"]) client.say(JSON.stringify({ event, data: event }));
    expect(await client.closed).toBe(1_000);
    await until(() => chat.count() === 0);
    expect(ran).toEqual(["all", "own x", "all", "disconnect"]);
  });

  test("an interceptor that drops an event drops it for all handlers, and schemas are asked", async () => {
    const { chat, server, connect } = await serve();
    const heard: unknown[] = [];
    const errors: string[] = [];
    server.intercept((message) => {
      if (message.event === "renamed") message.event = "x";
      return message.event !== "secret";
    });
    chat.on("*", (socket, data) => heard.push(data));
    chat.on("x", (socket) => socket.send("x"));
    chat.on("error", (_, { code }) => errors.push(code));
    const client = await connect();
    client.say('{"event":"secret","data":1}');
    client.say('{"event":"renamed","data":2}');
    expect(await client.next()).toBe('{"event":"x"}');
    expect([heard, errors]).toEqual([[2], []]);
  });
});
