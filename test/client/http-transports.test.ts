import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createServer, type Server, type ServerOptions } from "../../src/index.ts";
import {
  createClient,
  longPolling,
  sse,
  webSocket,
  type Client,
  type ClientOptions,
  type Link,
  type Transport,
} from "../../src/client/index.ts";
import { msgpackCodec } from "../../src/client/msgpack.ts";
import { createJsonCodec, type CodecFrame } from "../../src/protocol/codec.ts";
import { serve, type Asked, type Scripted } from "./http-server.ts";

const codec = createJsonCodec();
const closing: (() => unknown)[] = [];

afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  for (const close of closing.splice(0).reverse()) await close();
});

const both: readonly (readonly [string, () => Transport])[] = [
  ["sse()", sse],
  ["longPolling()", longPolling],
];

describe.each(both)("the transport %s", (name, create) => {
  it.each([
    ["JSON", codec],
    ["MessagePack", msgpackCodec()],
  ])("carries a whole conversation in %s", async (_, spoken) => {
    const { server, url } = await real();
    const client = clientOf(url, { transports: [create()], codec: spoken });
    const lobby = client.channel("h:lobby");
    const heard: unknown[] = [];
    lobby.on("chat", (data) => heard.push(data));
    await lobby.subscribe();
    expect(client.state).toMatchObject({ kind: "open", transport: create().name });
    const line = "line 1\nline 2\r\n\n€";
    await Promise.all(
      [1, line, { data: "event: close" }, Uint8Array.of(0, 10, 255)].map((data) => lobby.publish("chat", data)),
    );
    await vi.waitFor(() => expect(heard).toHaveLength(4));
    expect(heard).toEqual([1, line, { data: "event: close" }, Uint8Array.of(0, 10, 255)]);
    expect(await lobby.history({ limit: 2 })).toMatchObject({ publications: [{}, {}], isCovered: true });
    client.send("last words");
    await client.close();
    await vi.waitFor(() => expect(server.stats().connections).toBe(0));
  });

  it("carries 2,000 messages each way, once and in order", async () => {
    const { server, url } = await real();
    const handled: unknown[] = [];
    const heard: unknown[] = [];
    server.on("up", ({ data }) => void handled.push(data));
    const client = clientOf(url, { transports: [create()] });
    client.on("down", (data) => heard.push(data));
    await client.connect();
    const numbers = Array.from({ length: 2_000 }, (_, index) => index);
    for (const number of numbers) {
      if (number % 500 === 0) await client.request("still there?").catch(() => {});
      client.send("up", number);
      void server.broadcast("down", number);
    }
    await vi.waitFor(() => expect([handled.length, heard.length]).toEqual([2_000, 2_000]), 5_000);
    expect([handled, heard]).toEqual([numbers, numbers]);
  });

  it("lets the server's last words and its close code through", async () => {
    const { url } = await real({ authenticate: () => Promise.reject(new Error("no")) });
    const client = clientOf(url, { transports: [create()], reconnect: false });
    const error = await client.connect().catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: "internal" });
  });

  it("asks for its link first, and tells which one it is from then on", async () => {
    const server = await scripted();
    await connect(create(), `${server.url}?room=1`);
    await vi.waitFor(() => expect(server.asked.length).toBeGreaterThan(1));
    expect(server.asked.slice(0, 2)).toMatchObject([
      { name: "open", method: "POST", query: { room: "1" }, type: "application/json", body: "" },
      { name: name === "sse()" ? "sse" : "poll", method: "GET", query: { room: "1", link: "L", after: "0" } },
    ]);
  });

  it.each([301, 400, 403, 404, 429, 500, 503])(
    "rejects with connect-failed when the server answers %i",
    async (status) => {
      const server = await scripted(({ name: asked }, response) =>
        asked === "open" ? answered(response, status) : false,
      );
      await expect(connect(create(), server.url)).rejects.toMatchObject({ code: "connect-failed" });
      expect(server.names()).toEqual(["open"]);
    },
  );

  it("rejects with connect-failed when nobody listens there", async () => {
    const server = await scripted();
    await server.close();
    await expect(connect(create(), server.url)).rejects.toMatchObject({ code: "connect-failed" });
  });

  it("leaves nothing open when it is aborted before it has a link", async () => {
    const server = await scripted(({ name: asked }) => asked === "open");
    const controller = new AbortController();
    const connecting = connect(create(), server.url, controller.signal);
    connecting.catch(() => {});
    await vi.waitFor(() => expect(server.asked).toHaveLength(1));
    controller.abort();
    await expect(connecting).rejects.toMatchObject({ code: "connect-failed" });
    await expect(connect(create(), server.url, AbortSignal.abort())).rejects.toMatchObject({ code: "connect-failed" });
    expect(server.asked).toHaveLength(1);
  });

  it("sends one request at a time, and joins what waits meanwhile", async () => {
    const open: ServerResponse[] = [];
    const server = await scripted(({ name: asked }, response) => asked === "send" && open.push(response) > 0);
    const link = await connect(create(), server.url);
    for (const number of [1, 2, 3]) link.send([said(number)], 65_536);
    expect(link.bufferedBytes).toBeGreaterThan(0);
    await vi.waitFor(() => expect(open).toHaveLength(1));
    answered(open[0]!, 204);
    await vi.waitFor(() => expect(open).toHaveLength(2));
    expect(sends(server)).toMatchObject([
      { query: { seq: "1", after: "0", link: "L" }, type: "application/json", body: said(1) },
      { query: { seq: "2" }, body: `[${said(2)},${said(3)}]` },
    ]);
    answered(open[1]!, 204);
    await vi.waitFor(() => expect(link.bufferedBytes).toBe(0));
  });

  it("joins at most 256 frames, 10,000 bytes, and what the server takes", async () => {
    const server = await scripted();
    const link = await connect(create(), server.url);
    link.send([said(0)]);
    link.send(
      Array.from({ length: 300 }, () => "1"),
      65_536,
    );
    link.send(["x".repeat(4_000), "y".repeat(4_000), "z".repeat(4_000)], 65_536);
    link.send(["w".repeat(20_000)], 65_536);
    await vi.waitFor(() => expect(sends(server)).toHaveLength(5));
    const bodies = sends(server).map(({ body }) => body);
    expect(bodies.slice(1).map((body) => body.split(",").length)).toEqual([256, 46, 1, 1]);
    expect(Math.max(...bodies.slice(0, -1).map(({ length }) => length))).toBeLessThanOrEqual(10_000);
  });

  it.each([502, 0])(
    "repeats a request that was answered by somebody else (%i), and gives up after three tries",
    async (status) => {
      let failures = 2;
      const server = await scripted(({ name: asked }, response) => {
        if (asked !== "send" || failures-- <= 0) return false;
        return status ? answered(response, status) : Boolean(response.destroy());
      });
      const link = await connect(create(), server.url);
      const { closes } = listen(link);
      link.send([said(1)]);
      await vi.waitFor(() => expect(sends(server)).toHaveLength(3));
      expect(new Set(sends(server).map(({ query, body }) => query["seq"] + body)).size).toBe(1);
      expect(closes).toEqual([]);
      failures = 3;
      link.send([said(2)]);
      await vi.waitFor(() => expect(closes).toEqual([[1006, ""]]));
      expect(sends(server)).toHaveLength(6);
    },
  );

  it.each([
    [400, 1006, ""],
    [404, 1006, ""],
    [413, 1006, ""],
    [429, 1006, ""],
  ])("ends when a request is answered with %i, once", async (status, code, reason) => {
    const server = await scripted(({ name: asked }, response) =>
      asked === "send" ? answered(response, status, JSON.stringify({ code, reason })) : false,
    );
    const link = await connect(create(), server.url);
    const { closes } = listen(link);
    link.send([said(1)]);
    await vi.waitFor(() => expect(closes).toEqual([[code, reason]]));
    link.send([said(2)]);
    link.close(1000);
    expect(server.names()).toEqual(["open", "send"]);
  });

  it("still fetches what was said before the end, when a request is answered with 410", async () => {
    const held: ServerResponse[] = [];
    let isEnded = false;
    const gone = JSON.stringify({ code: 4510, reason: "moved" });
    const server = await scripted(({ name: asked }, response) => {
      if (asked === "send") {
        isEnded = true;
        return answered(response, 410, gone);
      }
      if (asked === "open" || asked === "close") return false;
      if (name === "sse()") response.write(": hello\n\n");
      else if (isEnded) return answered(response, 410, gone);
      return Boolean(held.push(response));
    });
    const link = await connect(create(), server.url);
    const { closes, frames } = listen(link);
    await vi.waitFor(() => expect(held).toHaveLength(1));
    link.send([said(1)]);
    await vi.waitFor(() => expect(sends(server)).toHaveLength(1));
    link.send([said(2)]);
    const last = said(9);
    held[0]!.end(name === "sse()" ? `data: ${last}\n\nevent: close\ndata: ${gone}\n\n` : last);
    await vi.waitFor(() => expect(closes).toEqual([[4510, "moved"]]));
    expect(frames).toEqual([last]);
    expect(server.names()).toEqual(["open", "send"]);
  });

  it("repeats a request that was answered with 409, under the same number", async () => {
    let conflicts = 2;
    const server = await scripted(({ name: asked }, response) =>
      asked === "send" && conflicts-- > 0 ? answered(response, 409) : false,
    );
    const link = await connect(create(), server.url);
    const { closes } = listen(link);
    link.send([said(1)]);
    await vi.waitFor(() => expect(sends(server)).toHaveLength(3));
    expect(sends(server).map(({ query }) => query["seq"])).toEqual(["1", "1", "1"]);
    expect(closes).toEqual([]);
    conflicts = 3;
    link.send([said(2)]);
    await vi.waitFor(() => expect(closes).toEqual([[1006, ""]]));
  });

  it("sends what waits before it closes", async () => {
    const server = await scripted();
    const link = await connect(create(), server.url);
    const { closes } = listen(link);
    link.send([said(1)]);
    link.send([said(2)]);
    link.close(1000);
    link.close(1000);
    link.send([said(3)]);
    await vi.waitFor(() => expect(closes).toEqual([[1000, ""]]));
    expect(server.names()).toEqual(["open", "send", "send", "close"]);
    expect(server.asked.at(-1)).toMatchObject({ method: "POST", query: { link: "L" } });
  });

  it("leaves its session to be resumed when it is closed with another code than 1000", async () => {
    const server = await scripted();
    const link = await connect(create(), server.url);
    const { closes } = listen(link);
    link.close(4504, "timeout");
    expect(closes).toEqual([[4504, "timeout"]]);
    await vi.waitFor(() => expect(server.names()).toEqual(["open"]));
  });

  it("holds what comes before anybody listens, also the end", async () => {
    const said410 = JSON.stringify({ code: 4410, reason: "enough" });
    const server = await scripted(({ name: asked, query }, response) => {
      if (asked === "sse") response.end(`data: "early"\n\nevent: close\ndata: ${said410}\n\n`);
      else if (asked === "poll")
        answered(response, query["after"] === "0" ? 200 : 410, query["after"] === "0" ? `"early"` : said410);
      else return false;
      return true;
    });
    const link = await connect(create(), server.url);
    await vi.waitFor(() => expect(server.asked.length).toBeGreaterThan(1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { frames, closes } = listen(link);
    expect(frames).toEqual([`"early"`]);
    expect(closes).toEqual([[4410, "enough"]]);
  });
});

describe("long-polling", () => {
  it("acknowledges each frame of what it was given, and asks on", async () => {
    const bodies = [`{"type":"pong"}`, `[{"type":"pong"},{"type":"pong"}]`];
    const server = await scripted(({ name }, response) => {
      if (name !== "poll") return false;
      const body = bodies.shift();
      return body === undefined || answered(response, 200, body);
    });
    const { frames } = listen(await connect(longPolling(), server.url));
    await vi.waitFor(() => expect(polls(server)).toEqual(["0", "1", "3"]));
    expect(frames).toEqual([`{"type":"pong"}`, `[{"type":"pong"},{"type":"pong"}]`]);
  });

  it("asks again after a poll without news, and the same again when the answer was lost", async () => {
    const answers = [
      (response: ServerResponse) => answered(response, 204),
      (response: ServerResponse) => Boolean(response.destroy()),
    ];
    const server = await scripted(({ name }, response) => name === "poll" && (answers.shift()?.(response) ?? true));
    await connect(longPolling(), server.url);
    await vi.waitFor(() => expect(polls(server)).toEqual(["0", "0", "0"]));
  });

  it("passes on what it cannot understand, and ends", async () => {
    const server = await scripted(({ name }, response) => name === "poll" && answered(response, 200, "{"));
    const { frames, closes } = listen(await connect(longPolling(), server.url));
    await vi.waitFor(() => expect(closes).toEqual([[1006, ""]]));
    expect(frames).toEqual(["{"]);
  });
});

describe("server-sent events", () => {
  const text = `: hello\n\ndata: {"a":"€"}\nid: 1\n\nevent: bytes\ndata: AAEC\n\nid: 2\n\ndata: one\ndata: two\n\n:\n\n`;
  const frames = [`{"a":"€"}`, Uint8Array.of(0, 1, 2), "one\ntwo"];

  it("are read whole, however they are cut", async () => {
    const bytes = Buffer.from(text);
    for (let at = 1; at < bytes.length; at += 1) {
      const read = await framesOf([bytes.subarray(0, at), bytes.subarray(at)]);
      expect([at, read]).toEqual([at, frames]);
    }
    expect(await framesOf(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(frames);
  });

  it("go on after the last whole event when a stream breaks", async () => {
    const streams = [`:\n\ndata: 1\n\ndata: 2\n\ndata: 3`, `:\n\ndata: 3\n\n`];
    const server = await scripted(({ name }, response) => {
      if (name !== "sse") return false;
      const stream = streams.shift();
      if (stream) response.end(stream);
      return true;
    });
    const heard = listen(await connect(sse(), server.url));
    await vi.waitFor(() => expect(polls(server)).toEqual(["0", "2", "3"]));
    expect(heard.frames).toEqual(["1", "2", "3"]);
    expect(heard.closes).toEqual([]);
  });

  it("that bring nothing are not asked for again", async () => {
    const server = await scripted(({ name }, response) => name === "sse" && Boolean(response.end(":\n\n")));
    const { closes } = listen(await connect(sse(), server.url));
    await vi.waitFor(() => expect(closes).toEqual([[1006, ""]]));
    expect(polls(server)).toEqual(["0"]);
  });

  it("that a proxy holds back are given up with the try to connect, and the link is closed", async () => {
    const server = await scripted(({ name }, response) => {
      if (name !== "sse") return false;
      response.flushHeaders();
      return true;
    });
    const controller = new AbortController();
    const connecting = connect(sse(), server.url, controller.signal);
    connecting.catch(() => {});
    await vi.waitFor(() => expect(polls(server)).toEqual(["0"]));
    controller.abort();
    await expect(connecting).rejects.toMatchObject({ code: "connect-failed" });
    await vi.waitFor(() => expect(server.names()).toEqual(["open", "close"]));
  });

  it("without an end are given up with 1009", async () => {
    const server = await scripted(({ name }, response) => {
      if (name !== "sse") return false;
      response.write(`data: ${"x".repeat(6 * 2 ** 20)}`);
      return true;
    });
    const { closes } = listen(await connect(sse(), server.url));
    await vi.waitFor(() => expect(closes).toEqual([[1009, ""]]));
  });

  it("are told every 15 seconds that somebody reads", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const server = await scripted(({ name }, response) => {
      if (name !== "sse") return false;
      response.write(`:\n\ndata: 1\n\n`);
      return true;
    });
    const link = await connect(sse(), server.url);
    const heard = listen(link);
    await vi.waitFor(() => expect(heard.frames).toHaveLength(1));
    vi.advanceTimersByTime(14_999);
    expect(server.names()).toEqual(["open"]);
    vi.advanceTimersByTime(1);
    await vi.waitFor(() => expect(server.names()).toEqual(["open", "send"]));
    expect(server.asked.at(-1)).toMatchObject({ query: { link: "L", after: "1" }, body: "" });
    expect(server.asked.at(-1)!.query["seq"]).toBeUndefined();
    link.close(4504);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a client that cannot have a WebSocket", () => {
  it("works over server-sent events, and moves up when it can, without a loss", async () => {
    let isBlocked = true;
    class Blocked extends WebSocket {
      constructor(...parameters: ConstructorParameters<typeof WebSocket>) {
        if (isBlocked) throw new Error("the proxy does not know this");
        super(...parameters);
      }
    }
    const { server, url } = await real();
    const transports = [webSocket({ WebSocket: Blocked }), sse(), longPolling()];
    const client = clientOf(url, { upgradeMs: 50, transports });
    const [handled, heard]: [unknown[], unknown[]] = [[], []];
    server.on("up", ({ data }) => void handled.push(data));
    client.on("down", (data) => heard.push(data));
    await client.connect();
    expect(client.state).toMatchObject({ transport: "sse" });
    isBlocked = false;
    let number = 0;
    const tick = setInterval(() => {
      client.send("up", number);
      void server.broadcast("down", number);
      number += 1;
    }, 1);
    await vi.waitFor(() => expect(client.state).toMatchObject({ transport: "websocket" }), 5_000);
    await vi.waitFor(() => expect(number).toBeGreaterThan(200), 5_000);
    clearInterval(tick);
    const numbers = Array.from({ length: number }, (_, index) => index);
    await vi.waitFor(() => expect([handled.length, heard.length]).toEqual([number, number]));
    expect([handled, heard]).toEqual([numbers, numbers]);
    expect(client.reconnects).toBe(0);
  });
});

interface Real {
  readonly server: Server;
  readonly url: string;
}

/** A server of Carillon's. */
async function real(options: ServerOptions = {}): Promise<Real> {
  const server = createServer({
    channels: { "h:*": { history: { size: 10, ttlMs: 60_000 } } },
    ...options,
  });
  closing.push(() => server.close());
  const { port } = await server.listen(0);
  return { server, url: `http://127.0.0.1:${port}/carillon` };
}

function clientOf(url: string, options: ClientOptions): Client {
  const client = createClient(url, options);
  closing.push(() => client.close());
  return client;
}

/** A scripted server that opens links and says yes, but for what the test answers itself: it returns true then. */
async function scripted(answer: (asked: Asked, response: ServerResponse) => boolean = () => false): Promise<Scripted> {
  const server = await serve((asked, response) => {
    if (answer(asked, response)) return;
    if (asked.name === "open") answered(response, 200, `{"link":"L"}`);
    else if (asked.name === "sse") response.write(": hello\n\n");
    else if (asked.name !== "poll") answered(response, 204);
  });
  closing.push(server.close);
  return server;
}

function answered(response: ServerResponse, status: number, body?: string): true {
  response.writeHead(status).end(body);
  return true;
}

function connect(transport: Transport, url: string, signal = new AbortController().signal): Promise<Link> {
  return transport.connect({ url, codec, signal }).then((link) => {
    closing.push(() => link.close(4000));
    return link;
  });
}

function listen(link: Link): { readonly frames: CodecFrame[]; readonly closes: [number, string][] } {
  const frames: CodecFrame[] = [];
  const closes: [number, string][] = [];
  link.receive({ frame: (frame) => frames.push(frame), closed: (code, reason) => closes.push([code, reason]) });
  return { frames, closes };
}

/** What a link makes of a stream that comes in these pieces. */
async function framesOf(pieces: readonly Uint8Array[]): Promise<readonly CodecFrame[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
    },
  });
  vi.stubGlobal("fetch", async (url: string) =>
    url.includes("/open?") ? Response.json({ link: "L" }) : new Response(url.includes("/sse?") ? body : null),
  );
  const link = await sse().connect({ url: "ws://server/carillon", codec, signal: new AbortController().signal });
  const { frames } = listen(link);
  for (let turn = 0; turn < 20 + pieces.length; turn += 1) await new Promise(setImmediate);
  link.close(4000);
  vi.unstubAllGlobals();
  return frames;
}

function said(number: number): string {
  return `{"type":"send","event":"a","data":${number}}`;
}

function sends({ asked }: Scripted): readonly Asked[] {
  return asked.filter(({ name }) => name === "send");
}

/** What was asked for after which count of frames. */
function polls({ asked }: Scripted): readonly string[] {
  return asked.filter(({ name }) => name === "poll" || name === "sse").map(({ query }) => query["after"]!);
}
