import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { HttpProxy, type HttpProxyOptions } from "./http.ts";
import type { FrameAction, FrameMatch } from "./web-socket.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Conversation {
  readonly proxy: HttpProxy;
  readonly client: WebSocket;
  readonly server: WebSocket;
  /** What each side has been told, oldest first. */
  readonly toClient: readonly string[];
  readonly toServer: readonly string[];
}

async function converse(options: Partial<HttpProxyOptions> = {}): Promise<Conversation> {
  const listener = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(listener, "listening");
  closers.push(() => listener.close());
  const proxy = await HttpProxy.start({ port: (listener.address() as AddressInfo).port, ...options });
  closers.push(() => proxy.close());
  const opened = once(listener, "connection");
  const client = new WebSocket(`ws://127.0.0.1:${proxy.port}/`, { perMessageDeflate: false });
  closers.push(() => client.terminate());
  const [[server]] = (await Promise.all([opened, once(client, "open")])) as unknown as [[WebSocket]];
  closers.push(() => server.terminate());
  for (const socket of [client, server]) socket.on("error", () => undefined);
  return { proxy, client, server, toClient: heard(client), toServer: heard(server) };
}

function heard(socket: WebSocket): readonly string[] {
  const texts: string[] = [];
  socket.on("message", (data: Buffer) => texts.push(data.toString()));
  return texts;
}

const message = (type: string, more: object = {}): string => JSON.stringify({ type, ...more });

/** Sends three messages, the second of which a rule is for, and tells what arrives before a fourth that comes back. */
async function withRule(match: FrameMatch, action: FrameAction, times = Infinity): Promise<readonly string[]> {
  const { proxy, client, toServer } = await converse();
  proxy.frames.on(match, action, { times });
  for (const type of ["a", "b", "c", "last"]) client.send(message(type));
  await expect.poll(() => toServer.at(-1)).toBe(message("last"));
  return toServer.slice(0, -1);
}

async function closeOf(socket: WebSocket): Promise<readonly [number, string]> {
  const [code, reason] = (await once(socket, "close")) as [number, Buffer];
  return [code, reason.toString()];
}

describe("WebSocket messages through the proxy", () => {
  test("text and bytes pass both ways, and so does a close with its code", async () => {
    const { client, server, toServer, toClient } = await converse();
    client.send("up");
    client.send(Buffer.alloc(70_000, "x"));
    server.send("down");
    await expect.poll(() => toClient).toEqual(["down"]);
    await expect.poll(() => toServer.map((text) => text.length)).toEqual([2, 70_000]);
    const closed = closeOf(server);
    client.close(4001, "why not");
    expect(await closed).toEqual([4001, "why not"]);
  });

  test("every message is logged when that is asked for", async () => {
    const { client, proxy, toServer } = await converse({ logsFrames: true });
    client.send(`[${message("a")},${message("b")}]`);
    await expect.poll(() => toServer.length).toBe(1);
    expect(proxy.log.find({ what: "frame", direction: "up" })).toMatchObject([{ detail: "a,b", link: 1, bytes: 27 }]);
  });

  test.each<[string, FrameMatch]>([
    ["its type", { type: "b" }],
    ["its event", { event: "e" }],
    ["its channel", { channel: "c" }],
    ["the direction and the opcode", { type: "b", direction: "up", opcode: "text" }],
  ])("a rule finds a message by %s", async (_, match) => {
    const { proxy, client, toServer } = await converse();
    const rule = proxy.frames.on(match, { kind: "suppress" });
    for (const more of [{}, { event: "e", channel: "c" }, {}]) client.send(message(more.event ? "b" : "a", more));
    client.send(message("last"));
    await expect.poll(() => toServer.at(-1)).toBe(message("last"));
    expect(toServer).toEqual([message("a"), message("a"), message("last")]);
    expect(rule.hits).toBe(1);
  });

  test("a rule for the other direction, another opcode or another field finds nothing", async () => {
    for (const match of [{ direction: "down" }, { opcode: "binary" }, { type: "b", event: "none" }] as const) {
      expect(await withRule(match, { kind: "suppress" })).toEqual(["a", "b", "c"].map((type) => message(type)));
    }
  });

  test("the so manieth message, so many times", async () => {
    const { proxy, client, toServer } = await converse();
    proxy.frames.on({ type: "a" }, { kind: "suppress" }, { from: 2, times: 1 });
    for (let number = 1; number <= 3; number += 1) client.send(message("a", { number }));
    await expect.poll(() => toServer).toEqual([message("a", { number: 1 }), message("a", { number: 3 })]);
  });

  test("suppress", async () => {
    expect(await withRule({ type: "b" }, { kind: "suppress" })).toEqual([message("a"), message("c")]);
  });

  test("duplicate", async () => {
    expect(await withRule({ type: "b" }, { kind: "duplicate" })).toEqual(
      ["a", "b", "b", "c"].map((type) => message(type)),
    );
  });

  test("replace", async () => {
    const replaced = await withRule({ type: "b" }, { kind: "replace", text: (text) => text.replace("b", "B") });
    expect(replaced).toEqual(["a", "B", "c"].map((type) => message(type)));
  });

  test("inject, after and before, and the other way", async () => {
    const inject = { kind: "inject", text: message("x") } as const;
    expect(await withRule({ type: "b" }, inject)).toEqual(["a", "b", "x", "c"].map((type) => message(type)));
    const before = await withRule({ type: "b" }, { ...inject, before: true });
    expect(before).toEqual(["a", "x", "b", "c"].map((type) => message(type)));
    const { proxy, client, toClient } = await converse();
    proxy.frames.on({ type: "b" }, { ...inject, direction: "down" });
    client.send(message("b"));
    await expect.poll(() => toClient).toEqual([message("x")]);
  });

  test("delay holds a message up, and what is behind it, order kept", async () => {
    const begin = performance.now();
    expect(await withRule({ type: "a" }, { kind: "delay", ms: 50 })).toEqual(
      ["a", "b", "c"].map((type) => message(type)),
    );
    expect(performance.now() - begin).toBeGreaterThanOrEqual(49);
  });

  test("close: the client is told the code, and the server's link just ends", async () => {
    const { proxy, client, server, toServer } = await converse();
    proxy.frames.on({ type: "b" }, { kind: "close", code: 4510, reason: "moved" });
    const closed = Promise.all([closeOf(client), closeOf(server)]);
    client.send(message("b"));
    expect(await closed).toEqual([
      [4510, "moved"],
      [1006, ""],
    ]);
    expect(toServer).toEqual([]);
  });

  test("disconnect: both links just end, without the message or, after it, with it", async () => {
    for (const kind of ["disconnect", "disconnect-after"] as const) {
      const { proxy, client, server, toClient } = await converse();
      proxy.frames.on({ type: "b" }, { kind });
      const closed = Promise.all([closeOf(client), closeOf(server)]);
      server.send(message("b"));
      expect((await closed).map(([code]) => code)).toEqual([1006, 1006]);
      expect(toClient).toEqual(kind === "disconnect" ? [] : [message("b")]);
      await expect.poll(() => proxy.webSockets).toBe(0);
    }
  });

  test("suppress-onwards: silent from there on, one way", async () => {
    const { proxy, client, server, toServer, toClient } = await converse();
    proxy.frames.on({ type: "b", direction: "up" }, { kind: "suppress-onwards" });
    for (const type of ["a", "b", "c"]) client.send(message(type));
    server.send(message("down"));
    await expect.poll(() => toClient).toEqual([message("down")]);
    expect(toServer).toEqual([message("a")]);
  });

  test("trigger does it now, to all that are open", async () => {
    const { proxy, client, toServer, toClient } = await converse();
    proxy.trigger({ kind: "inject", text: message("x"), direction: "up" });
    proxy.trigger({ kind: "inject", text: message("y"), direction: "down" });
    await expect.poll(() => [toServer, toClient]).toEqual([[message("x")], [message("y")]]);
    const closed = closeOf(client);
    proxy.trigger({ kind: "disconnect" });
    expect((await closed)[0]).toBe(1006);
    expect(proxy.log.find({ what: "disconnect" }).length).toBe(1);
  });
});
