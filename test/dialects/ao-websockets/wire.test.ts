import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { aoWebsockets, type AoIncoming } from "../../../src/dialects/ao-websockets/index.ts";
import { createServer } from "../../../src/index.ts";
import { ManualClock } from "../../../src/testing/index.ts";
import { handshake } from "../../server/raw-client.ts";
import { AoClient, serve, turn, until, wireOf } from "./support.ts";

describe("the handshake", () => {
  const text = "text/plain; charset=utf-8";

  test.each([
    ["a plain GET", { headers: { Upgrade: undefined, Connection: undefined } }],
    ["a plain HEAD", { method: "HEAD", headers: { Upgrade: undefined, Connection: undefined } }],
    ["another version", { headers: { "Sec-WebSocket-Version": "12" } }],
    ["no version", { headers: { "Sec-WebSocket-Version": undefined } }],
    ["a bad key", { headers: { "Sec-WebSocket-Key": "abc" } }],
    ["no key", { headers: { "Sec-WebSocket-Key": undefined } }],
    ["another upgrade", { headers: { Upgrade: "h2c" } }],
  ])("AO-18, H03: answers %s with 426, and no line feed", async (_, asked) => {
    const { url } = await serve();
    const answer = await handshake(url.replace("ws:", "http:"), asked);
    const isHead = "method" in asked;
    expect(answer).toMatchObject({
      status: 426,
      body: isHead ? "" : "Upgrade Required",
      headers: { "content-type": text, "content-length": "16", upgrade: "websocket", "sec-websocket-version": "13" },
    });
  });

  test.each(["POST", "PUT", "DELETE"])("AO-18, H04: answers %s with 405, upgrade or not", async (method) => {
    const { url } = await serve();
    for (const headers of [{}, { Upgrade: undefined, Connection: undefined }]) {
      expect(await handshake(url.replace("ws:", "http:"), { method, headers })).toMatchObject({
        status: 405,
        body: "Method Not Allowed",
        headers: { "content-type": text, allow: "GET, HEAD" },
      });
    }
  });

  test("AO-28: refuses pages of other origins with 403 when origins are given", async () => {
    const { url, connect } = await serve({ origins: ["https://app.example"] });
    const at = url.replace("ws:", "http:");
    expect(await handshake(at, { headers: { Origin: "https://elsewhere.example" } })).toMatchObject({
      status: 403,
      body: "Forbidden",
    });
    await connect({ origin: "https://app.example" });
  });

  test("AO-28: lets pages of all origins in when none are given, with one warning", async () => {
    const warnings: string[] = [];
    const warn = (_: object, message: string): void => void warnings.push(message);
    const { connect } = await serve({}, { logger: { info: () => undefined, warn, error: () => undefined } });
    await connect({ origin: "https://one.example" });
    await connect({ origin: "https://two.example" });
    expect(warnings).toEqual([expect.stringContaining("pages of any origin may connect to ao-websockets")]);
  });

  test("AO-21: hands on what HTTP middleware attached to the request", async () => {
    const ao = aoWebsockets();
    const server = createServer({ endpoints: { "/ao": ao } });
    const http = createHttpServer().listen(0, "127.0.0.1");
    onTestFinished(async () => {
      await server.close();
      http.close();
    });
    http.on("upgrade", (request, socket, head) => {
      server.upgrade(request, socket, head, { user: { name: "ada" } });
    });
    await once(http, "listening");
    ao.subscribe("who", ({ connection }) =>
      connection.sendMessage({
        event: "you",
        payload: { user: connection.locals("user"), none: connection.locals("x") },
      }),
    );
    const client = await AoClient.connect(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/ao`);
    client.say('{"e":"who"}');
    expect(await client.next()).toBe('{"e":"you","p":{"user":{"name":"ada"}}}\n');
    await client.leave();
  });

  test("whom authenticate refuses is closed with 1008, and counted by nobody", async () => {
    const { ao, url } = await serve({}, { authenticate: () => undefined });
    const client = await AoClient.connect(url);
    expect(await client.closed).toEqual({ code: 1_008, reason: "unauthorized" });
    expect(ao.countConnections()).toBe(0);
  });
});

const misshapen: readonly (readonly [string, string | Uint8Array, number])[] = [
  ["no JSON", "{bad", 1_007],
  ["nothing", "", 1_007],
  ["a list", "[]", 1_008],
  ["a text", '"s"', 1_008],
  ["a number", "5", 1_008],
  ["null", "null", 1_008],
  ["p a list", '{"e":"echo","p":[1]}', 1_008],
  ["p a text", '{"e":"echo","p":"s"}', 1_008],
  ["p a number", '{"e":"echo","p":1}', 1_008],
  ["no e", '{"p":{}}', 1_008],
  ["e empty", '{"e":""}', 1_008],
  ["e null", '{"e":null}', 1_008],
  ["e a number", '{"e":1}', 1_008],
  ["e with *", '{"e":"a:*"}', 1_008],
  ["JSON that is too deep", `{"e":"echo","p":{"a":${"[".repeat(40)}${"]".repeat(40)}}}`, 1_008],
  ["bytes that are no UTF-8", Uint8Array.of(0xff, 0xfe), 1_007],
  ["half a message", '{"e":"echo","p":{', 1_007],
];

describe("what clients say", () => {
  test.each(misshapen)("AO-15, G18: %s closes that connection, and no other", async (_, frame, code) => {
    const { ao, clients, failures } = await serve();
    const heard: AoIncoming[] = [];
    ao.subscribe("echo", (message) => heard.push(message));
    const [bad, good] = await clients(2);
    bad!.say(frame, '{"e":"echo"}');
    expect(await bad!.closed).toMatchObject({ code, reason: expect.stringMatching(/./) as string });
    expect(await good!.settled()).toEqual([]);
    expect([heard, failures]).toEqual([[], []]);
  });

  test("is ignored when it is no message, by option", async () => {
    const { ao, connect } = await serve({ malformed: "keep" });
    ao.subscribe("echo", ({ event, connection }) => connection.sendMessage({ event }));
    const client = await connect();
    client.say(...misshapen.map(([, frame]) => frame), '{"e":"echo"}');
    expect(await client.settled()).toEqual(['{"e":"echo","p":null}\n']);
  });

  test.each([
    '{"e":"x","p":{"n":1}}{"e":"x","p":{"n":2}}',
    '{"e":"x","p":{"n":1}}\n{"e":"x","p":{"n":2}}',
    ' \n{"e":"x","p":{"n":1}} garbage',
  ])("AO-16, J12: only the first value of %j is heard", async (frame) => {
    const { ao, connect } = await serve();
    const heard: unknown[] = [];
    ao.subscribe("x", ({ payload }) => heard.push(payload));
    const client = await connect();
    client.say(frame);
    await client.settled();
    expect(heard).toEqual([{ n: 1 }]);
  });

  test.each([
    ["a binary frame", new TextEncoder().encode('{"e":"x","p":{"n":1}}')],
    ["capitals", '{"E":"x","P":{"n":1}}'],
    ["fields that nobody knows", '{"id":5,"e":"x","p":{"n":1},"z":[]}'],
    ["both spellings, of which the exact one counts", '{"E":"y","e":"x","p":{"n":1},"P":{"n":2}}'],
    ["a field twice, of which the last one counts", '{"e":"y","e":"x","p":{"n":1}}'],
  ])("AO-22, W19: is heard with %s", async (_, frame) => {
    const { ao, connect } = await serve();
    const heard: unknown[] = [];
    ao.subscribe("*", ({ event, payload }) => heard.push([event, payload]));
    const client = await connect();
    client.say(frame);
    await client.settled();
    expect(heard[0]).toEqual(["x", { n: 1 }]);
  });

  test("AO-17: is heard and answered in order, 300 messages at once", async () => {
    const { ao, connect } = await serve();
    const heard: number[] = [];
    ao.subscribe("n", ({ event, payload, connection }) => {
      heard.push(payload!["n"] as number);
      connection.sendMessage({ event, payload });
    });
    const client = await connect();
    const all = Array.from({ length: 300 }, (_, n) => n);
    client.say(...all.map((n) => `{"e":"n","p":{"n":${n}}}`));
    expect(await client.take(300)).toEqual(all.map((n) => `{"e":"n","p":{"n":${n}}}\n`));
    expect(heard).toEqual(all);
  });

  test.each([
    [{}, 1_048_576],
    [{ maxMessageBytes: 1_000 }, 1_000],
  ])("with %o may have %d bytes; one more closes with 1009", async (options, limit) => {
    const { ao, connect } = await serve(options);
    const heard: unknown[] = [];
    ao.subscribe("x", ({ payload }) => heard.push(payload));
    const client = await connect();
    const sized = (bytes: number): string => `{"e":"x","p":{"t":"${"a".repeat(bytes - 22)}"}}`;
    expect(sized(limit)).toHaveLength(limit);
    client.say(sized(limit));
    await client.settled();
    client.say(sized(limit + 1));
    expect((await client.closed).code).toBe(1_009);
    expect(heard).toHaveLength(1);
  });
});

describe("slow clients", () => {
  test.each([
    [{ maxBufferedMessages: 3 }, 3, "stays"],
    [{ maxBufferedMessages: 3 }, 4, "is closed with 1013"],
    [{ maxBufferedBytes: 100_000_000 }, 256, "stays"],
    [{ maxBufferedBytes: 100_000_000 }, 257, "is closed with 1013"],
  ])("AO-19: with %o and %i messages waiting one %s", async (options, count, outcome) => {
    const { ao, server, connect } = await serve(options);
    const client = await connect();
    const wire = wireOf(server);
    client.socket.pause();
    let sent = 0;
    const send = async (): Promise<void> => {
      ao.publish({ event: "x", payload: { text: "x".repeat(300_000) } });
      sent += 1;
      await turn();
      await turn();
    };
    while (wire.bufferedBytes === 0) await send();
    for (let waiting = 1; waiting < count; waiting += 1) await send();
    client.socket.resume();
    if (outcome === "stays") {
      expect(await client.take(sent)).toHaveLength(sent);
      expect(ao.countConnections()).toBe(1);
    } else {
      expect(await client.closed).toEqual({ code: 1_013, reason: "too slow" });
      await until(() => ao.countConnections() === 0);
    }
  });

  test("AO-19: a server that publishes without end to one that reads nothing keeps little, and others hear all", async () => {
    const { ao, server, clients } = await serve({ maxBufferedBytes: 1_000_000 });
    const [slow, other] = await clients(2);
    const wire = wireOf(server);
    slow!.socket.pause();
    const payload = { text: "x".repeat(100_000) };
    let most = 0;
    for (let sent = 0; sent < 500; sent += 1) {
      ao.publish({ event: "x", payload });
      await other!.take(1);
      most = Math.max(most, wire.bufferedBytes);
    }
    expect(most).toBeGreaterThan(1_000_000);
    expect(most).toBeLessThan(1_500_000);
    slow!.socket.resume();
    expect((await slow!.closed).code).toBe(1_013);
    expect(await other!.settled()).toEqual([]);
  });

  test("are cut off when they take nothing for 10 seconds, and not before", async () => {
    const clock = new ManualClock();
    const { ao, server, connect } = await serve({ pingIntervalMs: 0 }, { clock });
    const client = await connect();
    const wire = wireOf(server);
    client.socket.pause();
    while (wire.bufferedBytes === 0) {
      ao.publish({ event: "x", payload: { text: "x".repeat(500_000) } });
      await turn();
      await turn();
    }
    clock.advance(9_999);
    await turn();
    expect(ao.countConnections()).toBe(1);
    clock.advance(1);
    await until(() => ao.countConnections() === 0);
  });
});

describe("pings", () => {
  test("come every 54 seconds without a payload; without a pong the client is closed with 1001 after 60", async () => {
    const clock = new ManualClock();
    const { ao, url } = await serve({}, { clock });
    const socket = await rawClient(url);
    await until(() => ao.countConnections() === 1);
    const frames = reading(socket);
    clock.advance(53_999);
    await turn();
    expect(frames()).toBe("");
    clock.advance(1);
    await until(() => frames() === "8900");
    socket.write(pong);
    for (let n = 0; n < 5; n += 1) await turn();
    clock.advance(53_999);
    expect(ao.countConnections()).toBe(1);
    clock.advance(1);
    await until(() => frames() === "89008900");
    // What it says proves nothing.
    socket.write(masked(0x81, '{"e":"x"}'));
    for (let n = 0; n < 5; n += 1) await turn();
    clock.advance(5_999);
    await turn();
    expect(frames()).toBe("89008900");
    clock.advance(1);
    await until(() => frames().startsWith("8900890088"));
    expect(frames().slice(8)).toBe(`880903e9${Buffer.from("no pong").toString("hex")}`);
    socket.destroy();
    await until(() => ao.countConnections() === 0);
  });

  test("of clients are answered with what they hold", async () => {
    const { url } = await serve();
    const socket = await rawClient(url);
    const frames = reading(socket);
    socket.write(masked(0x89, "hi"));
    await until(() => frames() === `8a02${Buffer.from("hi").toString("hex")}`);
    socket.destroy();
  });
});

test("AO-20: a pipe that breaks during publishing harms nobody, and the next client hears what comes", async () => {
  const { ao, connect, url, failures } = await serve();
  const socket = await rawClient(url);
  await until(() => ao.countConnections() === 1);
  for (let n = 0; n < 50; n += 1) {
    ao.publish({ event: "x", payload: { text: "x".repeat(10_000) } });
    if (n === 10) socket.resetAndDestroy();
    await turn();
  }
  await until(() => ao.countConnections() === 0);
  const client = await connect();
  ao.publish({ event: "later" });
  expect(await client.next()).toBe('{"e":"later","p":null}\n');
  expect(failures).toEqual([]);
});

const pong = masked(0x8a, "");

function masked(first: number, text: string): Buffer {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.of(first, 0x80 | body.length, 0, 0, 0, 0), body]);
}

async function rawClient(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const { socket } = await handshake(url.replace("ws:", "http:"));
  if (!socket) throw new Error(`no WebSocket at ${hostname}:${port}`);
  return socket;
}

/** What has come so far, in hexadecimal. */
function reading(socket: Socket): () => string {
  let heard = "";
  socket.on("data", (chunk: Buffer) => (heard += chunk.toString("hex")));
  socket.on("error", () => undefined);
  return () => heard;
}
