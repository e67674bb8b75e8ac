import { describe, expect, test } from "vitest";
import { createClient, type Client } from "../../../src/client/index.ts";
import { echo, groups, JsonMessage, type Message, type RtcConnection } from "../../../src/dialects/go-rtc-lib/index.ts";
import { native } from "../../../src/dialects/native/dialect.ts";
import { CarillonError, type ServerOptions } from "../../../src/index.ts";
import { RtcClient, serve, until, type Setting } from "./support.ts";

const endpoints = { "/carillon": native() };

/** A native client in `r`, and everything that it hears there. */
async function neighbour({ url }: Setting): Promise<{ client: Client; heard: unknown[] }> {
  const client = createClient(url.replace("/ws", "/carillon"));
  const heard: unknown[] = [];
  client.channel("r").on("*", (data, { event, from }) => heard.push([event, data, from?.id]));
  await client.channel("r").subscribe();
  return { client, heard };
}

describe("with other dialects in a channel", () => {
  test("the demo of groups and native clients hear each other, each in its own bytes", async () => {
    const setting = await serve(groups, { endpoints });
    const { client, heard } = await neighbour(setting);
    const [rtc, own] = await setting.client();
    rtc.send('{"action":"join","group":"r"}', '{"action":"message","group":"r","message":"hey"}');
    expect(await rtc.next()).toEqual([`{"from":"${own.id}","message":"hey"}`]);
    await until(() => heard.length === 1);
    expect(heard.pop()).toEqual(["message", "hey", own.id]);
    const { id } = setting.server.connections.find(({ dialect }) => dialect === "native")!;
    await client.channel("r").publish("chat", "hi");
    await client.channel("r").publish("chat", { text: "hi" });
    await client.channel("r").publish("bytes", Uint8Array.of(1, 255));
    await client.channel("r").publish("nothing");
    expect(await rtc.next(4)).toEqual([
      `{"from":"${id}","message":"hi"}`,
      `{"from":"${id}","message":{"text":"hi"}}`,
      "binary 01ff",
      `{"from":"${id}","message":null}`,
    ]);
    await client.close();
  });

  test("what the server publishes, and what it sends, is from the server", async () => {
    const setting = await serve(echo);
    const { client, registry, server, settled } = setting;
    const one = await client();
    await registry.addToGroup("r", one[1]);
    await server.channel("r").publish("news", "n");
    one[1].connection.send("hello", [1]);
    await server.broadcast("all", "everyone");
    expect(await settled(one)).toEqual([
      '{"from":"server","message":"n"}',
      '{"from":"server","message":[1]}',
      '{"from":"server","message":"everyone"}',
    ]);
  });

  test("2,000 messages go both ways between dialects, in order", async () => {
    const setting = await serve(groups, { endpoints, messageRate: { perSecond: 1e6, burst: 1e6 } });
    const { client, heard } = await neighbour(setting);
    const [rtc, own] = await setting.client();
    await setting.registry.addToGroup("r", own);
    const texts = Array.from({ length: 2_000 }, (_, index) => `m${index}`);
    for (const message of texts) rtc.send(JSON.stringify({ action: "message", group: "r", message }));
    await until(() => heard.length === 2_000);
    expect(heard.map((one) => (one as unknown[])[1])).toEqual(texts);
    await rtc.next(2_000);
    for (let at = 0; at < 2_000; at += 100) {
      await Promise.all(texts.slice(at, at + 100).map((text) => client.channel("r").publish("message", text)));
    }
    const back = await rtc.next(2_000);
    expect(back.map((text) => (JSON.parse(text) as { message: string }).message)).toEqual(texts);
    await client.close();
  });

  test("messages of every type mean something to others", async () => {
    const setting = await serve({}, { endpoints });
    const { client, heard } = await neighbour(setting);
    const { registry } = setting;
    const custom = (type: string, text: string): Message => ({ serialize: () => text, type: () => type });
    await registry.broadcast(new JsonMessage({ a: 1 }), "r");
    await registry.broadcast("text", "r");
    await registry.broadcast(Uint8Array.of(9), "r", { data: "not this" });
    await registry.broadcast(custom("chat", '{"sender":"a"}'), "r");
    await registry.broadcast(custom("chat", "no JSON"), "r");
    await registry.broadcast(custom("error", "reserved"), "r");
    await registry.broadcast(new JsonMessage({ a: 1 }), "r", { data: "instead" });
    await until(() => heard.length === 7);
    expect(heard).toEqual([
      ["message", { a: 1 }, undefined],
      ["message", "text", undefined],
      ["message", Uint8Array.of(9), undefined],
      ["chat", { sender: "a" }, undefined],
      ["chat", "no JSON", undefined],
      ["message", "reserved", undefined],
      ["message", "instead", undefined],
    ]);
    await client.close();
  });

  test("in a client's name the channel's rule, interceptors and schemas are asked", async () => {
    const rules: ServerOptions = { channels: { closed: { authorize: ({ action }) => action === "subscribe" } } };
    const setting = await serve({}, { ...rules, endpoints });
    const { registry, server } = setting;
    const { client, heard } = await neighbour(setting);
    const [rtc, own] = await setting.client();
    const say = (group: string): Promise<void> => registry.broadcast("said", group, { from: own });
    await expect(say("r")).rejects.toMatchObject({ code: "not-subscribed" });
    await registry.addToGroup("closed", own);
    await expect(say("closed")).rejects.toMatchObject({ code: "forbidden" });
    await registry.broadcast("by the server", "closed");
    expect(await rtc.next()).toEqual(["by the server"]);
    await registry.addToGroup("r", own);
    server.intercept((message) => {
      if (message.channel === "r") message.data = "changed";
    });
    await say("r");
    expect(await rtc.next()).toEqual([`{"from":"${own.id}","message":"changed"}`]);
    await until(() => heard.length === 1);
    expect(heard).toEqual([["message", "changed", own.id]]);
    await client.close();
  });

  test("what a handler says in its client's name was intercepted as it came; what is said later is intercepted then", async () => {
    const setting = await serve(async (connection, content, registry) => {
      await Promise.resolve();
      await registry.broadcast(content, "r", { from: connection });
      if (content === "fail") throw new Error("no");
    });
    const { registry, server } = setting;
    const [rtc, own] = await setting.client();
    await registry.addToGroup("r", own);
    const seen: unknown[] = [];
    server.intercept(({ action, channel, data }) => void seen.push([action, channel, data]));
    rtc.send("hey");
    expect(await rtc.next()).toEqual(["hey"]);
    await registry.broadcast("later", "r", { from: own });
    expect(await rtc.next()).toEqual(["later"]);
    rtc.send("fail");
    expect(await rtc.next()).toEqual(["fail"]);
    expect(seen).toEqual([
      ["send", undefined, "hey"],
      ["publish", "r", "later"],
      ["send", undefined, "fail"],
    ]);
  });

  test("who comes later is told a channel's state", async () => {
    const { client, registry, server, settled } = await serve({}, { channels: { r: { state: true } } });
    await server.channel("r").publish("score", 1, { stateKey: "a" });
    await server.channel("r").publish("score", 2, { stateKey: "b" });
    const one = await client();
    await registry.addToGroup("r", one[1]);
    await server.channel("r").publish("score", undefined, { stateKey: "a" });
    expect(await settled(one)).toEqual(['{"from":"server","message":1}', '{"from":"server","message":2}']);
  });
});

describe("the application", () => {
  test("server.on hears what clients send, with and without a handler", async () => {
    for (const options of [{}, { handleMessage: echo }]) {
      const { client, server } = await serve(options);
      const heard: unknown[] = [];
      server.on("message", ({ data, connection }) =>
        heard.push([connection.id, data instanceof Uint8Array ? [...data] : data]),
      );
      const [socket, own] = await client();
      socket.send("text", Uint8Array.of(1));
      await until(() => heard.length === 2);
      expect(heard).toEqual([
        [own.id, "text"],
        [own.id, [1]],
      ]);
    }
  });

  test("interceptors come before the handler", async () => {
    const { client, server, failures } = await serve(echo);
    server.intercept((message) => {
      if (message.data === "drop") return false;
      if (message.data === "refuse") throw new CarillonError("forbidden");
      if (message.data === "change") message.data = { changed: true };
      if (message.data === "empty") message.data = undefined;
      return undefined;
    });
    const [socket] = await client();
    socket.send("drop", "refuse", "change", "empty", "keep");
    expect(await socket.next(3)).toEqual(['{"changed":true}', "", "keep"]);
    expect(failures).toEqual([]);
  });

  test("onConnect and onDisconnect are called once each, whatever they throw", async () => {
    const told: unknown[] = [];
    const { client, failures, registry } = await serve({
      handleMessage: echo,
      onConnect: (connection) => {
        connection.send("welcome");
        told.push(["on", connection.isOpen]);
        throw new Error("no");
      },
      onDisconnect: (connection, { code }) => {
        told.push(["off", connection.isOpen, code]);
        return Promise.reject(new Error("no"));
      },
    });
    const [[socket], [, other]] = [await client(), await client()];
    socket.send("first");
    expect(await socket.next(2)).toEqual(["welcome", "first"]);
    socket.socket.close(1000);
    await until(() => told.length === 3);
    other.closeConnection();
    await until(() => told.length === 4);
    expect(told).toEqual([
      ["on", true],
      ["on", true],
      ["off", false, 1000],
      ["off", false, 1005],
    ]);
    await until(() => failures.length === 4);
    expect([failures.map(({ code }) => code), registry.count]).toEqual([Array(4).fill("handler-failed"), 0]);
  });

  test("authenticate says who a client is, instead of the server's, and whom it does not know is closed with 1008", async () => {
    const seen: RtcConnection[] = [];
    const { client, registry, url } = await serve(
      {
        authenticate: ({ url: { searchParams } }) => {
          const name = searchParams.get("name");
          return name === null ? undefined : { userId: name };
        },
        onConnect: (connection) => void seen.push(connection),
      },
      { authenticate: () => ({ userId: "nobody" }) },
    );
    const [, own] = await client({ path: "/ws?name=ada" });
    expect([own.connection.userId, own.connection.dialect]).toEqual(["ada", "go-rtc-lib"]);
    const stranger = await RtcClient.connect(url);
    expect(await stranger.ended()).toEqual([1008, []]);
    expect([seen, registry.count]).toEqual([[own], 1]);
  });
});
