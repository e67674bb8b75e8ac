import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { createRegistry, echo, type RegistryOptions } from "../../../src/dialects/go-rtc-lib/index.ts";
import { ManualClock } from "../../../src/testing/index.ts";
import { handshake } from "../../server/raw-client.ts";
import { type RtcClient, serve, until } from "./support.ts";

describe("limits", () => {
  test("RTC-13: a client that stops reading is closed, and the others hear everything, in order and at once", async () => {
    const { client, registry } = await serve({ maxBufferedBytes: 1_000_000_000 });
    const [slow, other] = [await client(), await client()];
    slow[0].socket.pause();
    const long = "x".repeat(100_000);
    for (let index = 0; index < 600; index += 1) {
      registry.broadcastToAll(`${index} ${long}`);
      // Messages of one turn are written together.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const heard = await other[0].next(600);
    expect(heard.map((text) => parseInt(text, 10))).toEqual(Array.from({ length: 600 }, (_, index) => index));
    slow[0].socket.resume();
    const [code, before] = await slow[0].ended();
    expect(code).toBe(1005);
    expect(before).toEqual(heard.slice(0, before.length));
    expect(before.length).toBeGreaterThanOrEqual(256);
    expect(before.length).toBeLessThan(600);
    await until(() => registry.count === 1);
    expect([other[1].isOpen, slow[1].isOpen]).toEqual([true, false]);
  });

  test.each([
    [{}, 1_048_576],
    [{ maxMessageBytes: 100 }, 100],
  ])("RTC-14: with %o a message may have %d bytes; one more closes with 1009", async (options, limit) => {
    const { client } = await serve({ handleMessage: echo, ...options });
    const [one] = await client();
    one.send("x".repeat(limit));
    expect((await one.next())[0]!.length).toBe(limit);
    one.send("x".repeat(limit + 1));
    expect(await one.ended()).toEqual([1009, []]);
  });

  test("RTC-15: pings come at 30 s and 60 s; a client without a pong is closed at 60 s, whatever it says", async () => {
    const clock = new ManualClock();
    const { client, registry } = await serve(echo, { clock });
    const [silent] = await client({ autoPong: false });
    const [alive, own] = await client();
    const pings: string[] = [];
    silent.socket.on("ping", (data: Buffer) => pings.push(data.toString("hex")));
    const settle = async (one: RtcClient): Promise<void> => {
      one.send("?");
      expect(await one.next()).toEqual(["?"]);
    };
    clock.advance(29_999);
    await settle(silent);
    expect(pings).toEqual([]);
    const pinged = [silent, alive].map((one) => once(one.socket, "ping"));
    clock.advance(1);
    await Promise.all(pinged);
    // Who answers a ping answers it before it says anything else.
    for (const one of [silent, alive]) await settle(one);
    clock.advance(29_999);
    await settle(silent);
    expect(pings).toEqual([""]);
    clock.advance(1);
    expect(await silent.ended()).toEqual([1005, []]);
    expect(pings).toEqual(["", ""]);
    await settle(alive);
    expect(registry.connections).toEqual([own]);
  });

  test("pingIntervalMs and pongTimeoutMs move both, and 0 switches pings off", async () => {
    const clock = new ManualClock();
    const { client } = await serve({ handleMessage: echo, pingIntervalMs: 1_000, pongTimeoutMs: 1_500 }, { clock });
    const [silent] = await client({ autoPong: false });
    const pinged = once(silent.socket, "ping");
    clock.advance(1_000);
    await pinged;
    clock.advance(499);
    silent.send("?");
    expect(await silent.next()).toEqual(["?"]);
    clock.advance(1);
    expect(await silent.ended()).toEqual([1005, []]);
    const never = new ManualClock();
    const unpinged = await serve({ handleMessage: echo, pingIntervalMs: 0 }, { clock: never });
    const [quiet] = await unpinged.client({ autoPong: false });
    never.advance(1_000_000);
    quiet.send("?");
    expect(await quiet.next()).toEqual(["?"]);
  });

  test("a client's ping is answered with its payload", async () => {
    const { client } = await serve();
    const [one] = await client();
    const ponged = once(one.socket, "pong");
    one.socket.ping("abc");
    expect(String((await ponged)[0])).toBe("abc");
  });

  test("writeTimeoutMs: who takes nothing for so long is cut off", async () => {
    const clock = new ManualClock();
    const { client, registry, server } = await serve({ writeTimeoutMs: 500, pingIntervalMs: 0 }, { clock });
    const [slow, own] = await client();
    slow.socket.pause();
    const ended = new Promise((resolve) => server.on("disconnect", ({ code }) => resolve(code)));
    while (own.connection.isOpen && registry.count === 1 && !isStuck(own)) {
      own.send("x".repeat(1_000_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    clock.advance(499);
    await new Promise((resolve) => setImmediate(resolve));
    expect(registry.count).toBe(1);
    clock.advance(1);
    expect(await ended).toBe(1006);
    expect(registry.count).toBe(0);
  });

  test.each([
    ["http://evil.example", undefined, 403],
    ["null", undefined, 403],
    ["not an origin", undefined, 403],
    ["own host, in capitals", undefined, 101],
    [undefined, undefined, 101],
    ["https://app.example", [" https://APP.example "], 101],
    ["HTTPS://App.Example", ["https://app.example"], 101],
    ["http://app.example", ["https://app.example"], 403],
    ["https://app.example:8443", ["https://app.example"], 403],
    ["https://sub.app.example", ["https://app.example"], 403],
    ["own host, in capitals", ["https://app.example"], 101],
  ])("RTC-16: from %s with %j as allowOrigins: %d", async (origin, allowOrigins, status) => {
    const { url } = await serve(allowOrigins ? { allowOrigins } : {});
    const at = url.replace("ws:", "http:").replace("127.0.0.1", "localhost");
    const value = origin?.startsWith("own host") ? new URL(at).origin.toUpperCase() : origin;
    const answer = await handshake(url.replace("ws:", "http:"), {
      headers: { Host: new URL(at).host, ...(value !== undefined && { Origin: value }) },
    });
    expect([answer.status, answer.body]).toEqual([status, status === 403 ? "Forbidden\n" : ""]);
    answer.socket?.destroy();
  });

  test("RTC-16: checkOrigin decides instead", async () => {
    const { url } = await serve({ checkOrigin: (from) => from.header("origin") === "null" });
    const at = url.replace("ws:", "http:");
    const [good, bad] = [
      await handshake(at, { headers: { Origin: "null" } }),
      await handshake(at, { headers: { Origin: new URL(at).origin } }),
    ];
    expect([good.status, bad.status]).toEqual([101, 403]);
    good.socket?.destroy();
  });

  test("RTC-17: what is no upgrade is refused in the original's words", async () => {
    const { url } = await serve();
    const at = url.replace("ws:", "http:");
    const facts = {
      "content-type": "text/plain; charset=utf-8",
      "sec-websocket-version": "13",
      "x-content-type-options": "nosniff",
    };
    const bad = { status: 400, body: "Bad Request\n", headers: facts };
    const plain = await fetch(at);
    expect([plain.status, await plain.text(), plain.headers.get("sec-websocket-version")]).toEqual([
      400,
      "Bad Request\n",
      "13",
    ]);
    expect((await fetch(at, { method: "POST" })).status).toBe(400);
    expect(await handshake(at, { headers: { Connection: "keep-alive" } })).toMatchObject(bad);
    expect(await handshake(at, { method: "POST" })).toMatchObject({
      ...bad,
      status: 405,
      body: "Method Not Allowed\n",
    });
    expect(await handshake(at, { headers: { "Sec-WebSocket-Version": "12" } })).toMatchObject(bad);
    expect(await handshake(at, { headers: { "Sec-WebSocket-Key": undefined } })).toMatchObject(bad);
    const foreign = { Origin: "http://evil.example", "Sec-WebSocket-Key": undefined };
    expect(await handshake(at, { headers: foreign })).toMatchObject({ ...bad, status: 403, body: "Forbidden\n" });
  });

  test("the handshake negotiates nothing", async () => {
    const { url } = await serve();
    const { status, headers, socket } = await handshake(url.replace("ws:", "http:"), {
      headers: { "Sec-WebSocket-Protocol": "chat", "Sec-WebSocket-Extensions": "permessage-deflate" },
    });
    socket?.destroy();
    expect([status, headers]).toEqual([
      101,
      { upgrade: "websocket", connection: "Upgrade", "sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" },
    ]);
  });

  test("G-22: nobody is slowed down", async () => {
    const { client } = await serve(echo, { messageRate: { perSecond: 1, burst: 1 } });
    const [one] = await client();
    const texts = Array.from({ length: 50 }, (_, index) => `${index}`);
    one.send(...texts);
    expect(await one.next(50)).toEqual(texts);
  });

  test.each<[keyof RegistryOptions, unknown]>([
    ["maxMessageBytes", 0],
    ["maxMessageBytes", 1.5],
    ["maxBufferedMessages", 0],
    ["maxBufferedBytes", -1],
    ["writeTimeoutMs", 0],
    ["writeTimeoutMs", 2 ** 31],
    ["pingIntervalMs", -1],
    ["pongTimeoutMs", 30_000],
    ["handleMessage", "echo"],
    ["handleMessage", {}],
    ["checkOrigin", true],
    ["authenticate", {}],
    ["onConnect", 1],
    ["onDisconnect", 1],
    ["channelPrefix", "a\nb"],
    ["channelPrefix", 5],
    ["name", ""],
    ["allowOrigins", ["*"]],
    ["allowOrigins", "https://app.example"],
    ["allowOrigin" as "allowOrigins", ["https://app.example"]],
  ])("%s: %j is no option", (name, value) => {
    const make = (): unknown => createRegistry({ [name]: value });
    expect(make).toThrow(expect.objectContaining({ code: "option-invalid" }) as Error);
    expect(make).toThrow(new RegExp(`^go-rtc-lib: .*${name}`));
  });

  test("the least and the most that options take", () => {
    const least = { maxMessageBytes: 1, maxBufferedMessages: 1, maxBufferedBytes: 1, writeTimeoutMs: 1 };
    for (const options of [
      { ...least, pingIntervalMs: 0, pongTimeoutMs: 1 },
      { pongTimeoutMs: 30_001, writeTimeoutMs: 2 ** 31 - 1 },
      { maxMessageBytes: undefined },
    ])
      expect(() => createRegistry(options as RegistryOptions)).not.toThrow();
    expect(() => createRegistry({ checkOrigin: () => true, allowOrigins: [] })).toThrow(/not both/);
  });
});

/** So much waits for it that the socket takes no more. */
function isStuck({ connection }: { readonly connection: object }): boolean {
  return (connection as { readonly wire: { readonly bufferedBytes: number } }).wire.bufferedBytes > 1_000_000;
}
