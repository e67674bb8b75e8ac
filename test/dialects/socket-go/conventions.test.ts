import { describe, expect, test } from "vitest";
import { CarillonError } from "../../../src/index.ts";
import { serve, until } from "./support.ts";

const say = (event: string, data?: unknown): string => JSON.stringify({ event, data });

describe("the conventions of socket.go's examples", () => {
  test("SGO-48 who joins is told to all who are there, itself among them", async () => {
    const { server, connect } = await serve({ conventions: true });
    const [a, b] = [await connect(), await connect()];
    a.say(say("join", "r"));
    const [first] = await a.take(1);
    const { data } = JSON.parse(first!) as { readonly data: { readonly userId: string } };
    expect(server.connections.map(({ id }) => id)).toContain(data.userId);
    expect(first).toBe(`{"event":"userJoined","data":{"userId":"${data.userId}","room":"r"}}`);
    b.say(say("join", "r"));
    const [seen, own] = [await a.next(), await b.next()];
    expect(seen).toBe(own);
    expect(seen).toMatch(/^\{"event":"userJoined","data":\{"userId":"[0-9a-f-]{21}","room":"r"\}\}$/);
    // Once more is nothing new.
    b.say(say("join", "r"));
    b.say(say("chat", { room: "r", text: "hi" }));
    expect(await a.next()).toBe('{"event":"chat","data":{"room":"r","text":"hi"}}');
    expect(await b.next()).toBe('{"event":"chat","data":{"room":"r","text":"hi"}}');
  });

  test.each([
    ["a number", 5],
    ["an object", { name: "r" }],
    ["nothing", undefined],
    ["an empty name", ""],
    ["10 KB", "x".repeat(10_240)],
    ["one byte too many", "x".repeat(201)],
    ["a control character", "r\u0000"],
  ])("SGO-48 G17 join with %s is answered with an error", async (_, room) => {
    const { chat, connect } = await serve({ conventions: true });
    const client = await connect();
    client.say(say("join", room));
    expect(await client.next()).toBe('{"event":"error","data":"Invalid room name"}');
    expect(chat.count()).toBe(1);
  });

  test("SGO-48 leave leaves, and leave with a number says and does nothing", async () => {
    const { chat, connect } = await serve({ conventions: true });
    chat.on("last", (socket) => socket.send("done"));
    const client = await connect();
    client.say(say("join", "r"));
    await client.next();
    client.say(say("leave", 5));
    client.say(say("leave", "other"));
    client.say(say("last"));
    expect(await client.next()).toBe('{"event":"done"}');
    expect(chat.in("r")).toHaveLength(1);
    client.say(say("leave", "r"));
    client.say(say("last"));
    await client.next();
    expect(chat.in("r")).toEqual([]);
  });

  test("what names a room is published there for members, and only by members", async () => {
    const { chat, connect } = await serve({ conventions: true });
    const heard: unknown[] = [];
    chat.on("*", (_, data) => heard.push(data));
    const [a, b, c] = [await connect(), await connect(), await connect()];
    for (const client of [a, b]) client.say(say("join", "r"));
    await until(() => chat.in("r").length === 2);
    await b.next();
    c.say(say("chat", { room: "r", text: "from outside" }));
    c.say(say("chat", { room: 5 }));
    c.say(say("chat", "r"));
    await until(() => heard.length === 5);
    a.say(say("chat", { room: "r", text: "from inside" }));
    let frame = await b.next();
    while (frame.includes("userJoined")) frame = await b.next();
    expect(frame).toBe('{"event":"chat","data":{"room":"r","text":"from inside"}}');
    expect(c.unread).toEqual([]);
  });

  test("channel rules are asked, in the order in which things were said", async () => {
    const asked: string[] = [];
    const { connect } = await serve(
      { conventions: true },
      {
        channels: {
          "slow-*": {
            authorize: async ({ action }) => {
              asked.push(action);
              await new Promise((resolve) => setTimeout(resolve, 10));
              return true;
            },
          },
          "mine-*": {
            authorize: () => {
              throw new CarillonError("forbidden", { message: "not yours" });
            },
          },
          news: { publish: "server" },
        },
      },
    );
    const client = await connect();
    client.say(say("join", "slow-1"));
    client.say(say("chat", { room: "slow-1" }));
    client.say(say("join", "mine-1"));
    client.say(say("join", "news"));
    client.say(say("chat", { room: "news" }));
    const frames = await client.take(5);
    expect(frames[0]).toContain('"userJoined"');
    expect(frames[1]).toBe('{"event":"chat","data":{"room":"slow-1"}}');
    expect(frames[2]).toBe('{"event":"error","data":{"code":"command_failed","message":"not yours"}}');
    expect(frames[3]).toContain('"userJoined"');
    expect(frames[4]).toBe(
      '{"event":"error","data":{"code":"command_failed","message":"only the server publishes here"}}',
    );
    expect(asked).toEqual(["subscribe", "publish"]);
  });

  test("a ping comes back as it is", async () => {
    const { connect } = await serve({ conventions: true });
    const client = await connect();
    client.say('{"event":"ping","data":{"time":1795220342000}}');
    expect(await client.next()).toBe('{"event":"ping","data":{"time":1795220342000}}');
  });

  test("a message that an interceptor moves to another room is seen there, too", async () => {
    const { connect, server } = await serve({ conventions: true });
    const seen: unknown[] = [];
    server.intercept((message) => {
      seen.push([message.action, message.channel, message.event]);
      if (message.event === "hop") message.data = { room: "b" };
    });
    const client = await connect();
    for (const room of ["a", "b"]) client.say(say("join", room));
    await client.take(2);
    for (const [event, room] of ["hop a", "stay a", "stray c"].map((text) => text.split(" "))) {
      client.say(say(event!, { room }));
    }
    expect(await client.take(2)).toEqual([say("hop", { room: "b" }), say("stay", { room: "a" })]);
    client.say(say("ping"));
    await client.next();
    expect(seen.slice(2)).toEqual([
      ["publish", "a", "hop"],
      ["publish", "b", "hop"],
      ["publish", "a", "stay"],
      ["send", undefined, "stray"],
      ["send", undefined, "ping"],
    ]);
  });

  test("they are off unless they are wanted", async () => {
    const { chat, connect } = await serve();
    chat.on("last", (socket) => socket.send("done", chat.roomsOf(socket.id)));
    const client = await connect();
    client.say(say("join", "r"));
    client.say(say("join", 5));
    client.say(say("ping"));
    client.say(say("last"));
    expect(await client.next()).toBe('{"event":"done","data":[]}');
  });

  test("in rooms with presence members are told who is there, who comes and who goes", async () => {
    const { connect } = await serve(
      { conventions: true },
      { authenticate: ({ url }) => ({ userId: url.searchParams.get("user") ?? "nobody" }) },
    );
    const ada = await connect({ path: "/socket?user=ada" });
    ada.say(say("join", "presence-r"));
    expect(await ada.take(2)).toEqual([
      '{"event":"presence:members","data":{"room":"presence-r","members":[{"user":"ada"}]}}',
      '{"event":"userJoined","data":{"userId":"ada","room":"presence-r"}}',
    ]);
    const bob = await connect({ path: "/socket?user=bob" });
    bob.say(say("join", "presence-r"));
    expect(await bob.next()).toBe(
      '{"event":"presence:members","data":{"room":"presence-r","members":[{"user":"ada"},{"user":"bob"}]}}',
    );
    bob.say(say("leave", "presence-r"));
    expect(await ada.take(3)).toEqual([
      '{"event":"presence:join","data":{"room":"presence-r","member":{"user":"bob"}}}',
      '{"event":"userJoined","data":{"userId":"bob","room":"presence-r"}}',
      '{"event":"presence:leave","data":{"room":"presence-r","member":{"user":"bob"}}}',
    ]);
  });
});
