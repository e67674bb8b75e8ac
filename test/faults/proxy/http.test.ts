import { once } from "node:events";
import { Agent, createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { handshake } from "../../server/raw-client.ts";
import { whole, type HttpAction } from "./http-rules.ts";
import { HttpProxy } from "./http.ts";
import { TcpProxy } from "./tcp.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Heard {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** A server that remembers what it was asked, answers with the number of the request, and a proxy before it. */
async function serve(answer?: (asked: IncomingMessage, response: ServerResponse) => void): Promise<{
  readonly proxy: HttpProxy;
  readonly server: Server;
  readonly heard: readonly Heard[];
  readonly url: string;
}> {
  const heard: Heard[] = [];
  const server = createServer(async (asked, response) => {
    const number = heard.push({ method: asked.method!, path: asked.url!, body: "" });
    heard[number - 1] = { ...heard[number - 1]!, body: (await whole(asked)).toString() };
    if (answer) answer(asked, response);
    else response.writeHead(200, { "X-Number": String(number) }).end(`answer ${number}`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy = await HttpProxy.start({ port: (server.address() as AddressInfo).port });
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  closers.push(() => proxy.close());
  return { proxy, server, heard, url: `http://127.0.0.1:${proxy.port}` };
}

/** What came of a request, and how long it took. */
async function ask(url: string, body?: string): Promise<{ status: number; text: string; ms: number }> {
  const begin = performance.now();
  const response = await fetch(url, body === undefined ? {} : { method: "POST", body });
  return { status: response.status, text: await response.text(), ms: performance.now() - begin };
}

/** An answer's body as far as it came. */
async function partOf(url: string): Promise<{ readonly text: string; readonly isWhole: boolean }> {
  const [response] = (await once(request(url).end(), "response")) as [IncomingMessage];
  let text = "";
  response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  response.on("error", () => undefined);
  await new Promise((resolve) => {
    response.on("close", resolve);
  });
  return { text, isWhole: response.complete };
}

describe("plain requests through the proxy", () => {
  test("a request and its answer arrive as they were sent, over one connection for several", async () => {
    const { url, heard } = await serve();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    closers.push(() => agent.destroy());
    const ports = new Set<number>();
    for (const number of [1, 2]) {
      const sent = request(`${url}/path?q=1`, { method: "POST", agent });
      sent.end("body");
      const [response] = (await once(sent, "response")) as [IncomingMessage];
      ports.add(response.socket.localPort!);
      expect(response.headers["x-number"]).toBe(String(number));
      expect((await whole(response)).toString()).toBe(`answer ${number}`);
    }
    expect(ports.size).toBe(1);
    expect(heard[1]).toEqual({ method: "POST", path: "/path?q=1", body: "body" });
  });

  test("a stream of events comes as it is written, and its end is heard by the other side", async () => {
    let stream: ServerResponse | undefined;
    const { url } = await serve((_, response) => {
      stream = response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write("data: 1\n\n");
    });
    const sent = request(url).end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    expect(String((await once(response, "data"))[0])).toBe("data: 1\n\n");
    stream!.write("data: 2\n\n");
    expect(String((await once(response, "data"))[0])).toBe("data: 2\n\n");
    const gone = once(stream!, "close");
    response.on("error", () => undefined);
    sent.destroy();
    await gone;
  });

  test("a connection that breaks behind the proxy breaks before it", async () => {
    const { url } = await serve((_, response) => response.destroy());
    await expect(ask(url)).rejects.toThrow();
  });

  test("a rule is for its method and path alone", async () => {
    const { url, proxy } = await serve();
    const rule = proxy.requests.on({ method: "GET", path: "/poll?link=1" }, { kind: "answer", status: 502 });
    expect((await ask(`${url}/poll?link=2`)).status).toBe(200);
    expect((await ask(`${url}/poll?link=1`, "post")).status).toBe(200);
    expect((await ask(`${url}/poll?link=1&after=0`)).status).toBe(502);
    expect(rule.hits).toBe(1);
  });
});

describe("HTTP rules", () => {
  test("delay", async () => {
    const { url, proxy } = await serve();
    proxy.requests.on({}, { kind: "delay", ms: 40 });
    expect((await ask(url)).ms).toBeGreaterThanOrEqual(39);
  });

  test.each([
    ["first", "answer 1"],
    ["second", "answer 2"],
  ] as const)("duplicate: the server is asked twice, and the %s answer is told", async (answer, text) => {
    const { url, proxy, heard } = await serve();
    proxy.requests.on({}, { kind: "duplicate", ms: 10, answer });
    expect((await ask(url, "once")).text).toBe(text);
    await expect.poll(() => heard.map(({ body }) => body)).toEqual(["once", "once"]);
  });

  test("reorder: the second goes first; one that stays alone goes after a while", async () => {
    const { url, proxy, heard } = await serve();
    proxy.requests.on({ method: "POST" }, { kind: "reorder", maxMs: 10_000 }, { times: 2 });
    const first = ask(url, "first");
    await expect.poll(() => proxy.log.find({ what: "reorder" }).length).toBe(1);
    const second = ask(url, "second");
    expect([(await first).text, (await second).text]).toEqual(["answer 2", "answer 1"]);
    expect(heard.map(({ body }) => body)).toEqual(["second", "first"]);
    expect((await first).ms).toBeLessThan(9_000);
    proxy.requests.on({ method: "POST" }, { kind: "reorder", maxMs: 20 });
    expect((await ask(url, "alone")).ms).toBeGreaterThanOrEqual(19);
  });

  test("replay: the old request comes again, later than newer ones, and nobody hears the answer", async () => {
    const { url, proxy, heard } = await serve();
    proxy.requests.on({}, { kind: "replay", ms: 60 }, { times: 1 });
    expect((await ask(`${url}/old`)).text).toBe("answer 1");
    expect((await ask(`${url}/new`)).text).toBe("answer 2");
    await expect.poll(() => heard.map(({ path }) => path)).toEqual(["/old", "/new", "/old"]);
    await expect.poll(() => proxy.log.find({ what: "discarded" })).toMatchObject([{ bytes: 8 }]);
  });

  test("drop-request: the server never hears of it, and the client has no answer", async () => {
    const { url, proxy, heard } = await serve();
    proxy.requests.on({}, { kind: "drop-request" }, { times: 1 });
    await expect(ask(url, "lost")).rejects.toThrow();
    expect(heard).toEqual([]);
  });

  test("drop-response: the server has answered, and the client has no answer", async () => {
    const { url, proxy, heard } = await serve();
    proxy.requests.on({}, { kind: "drop-response" }, { times: 1 });
    await expect(ask(url, "handled")).rejects.toThrow();
    expect(heard.map(({ body }) => body)).toEqual(["handled"]);
    expect(proxy.log.find({ what: "discarded" })).toMatchObject([{ bytes: 8 }]);
  });

  test.each([502, 504])("answer %i: without the server or, when it is said so, after it", async (status) => {
    const { url, proxy, heard } = await serve();
    proxy.requests.on({}, { kind: "answer", status }, { times: 1 });
    proxy.requests.on({}, { kind: "answer", status, isHandled: true }, { times: 1 });
    expect((await ask(url, "unheard")).status).toBe(status);
    expect(heard.length).toBe(0);
    expect((await ask(url, "handled")).status).toBe(status);
    expect(heard.map(({ body }) => body)).toEqual(["handled"]);
    expect((await ask(url)).status).toBe(200);
  });

  test("cut-body: so many bytes, and the connection ends without the rest", async () => {
    const { url, proxy } = await serve();
    proxy.requests.on({}, { kind: "cut-body", bytes: 3 }, { times: 1 });
    expect(await partOf(url)).toEqual({ text: "ans", isWhole: false });
    expect(await partOf(url)).toEqual({ text: "answer 2", isWhole: true });
  });

  test("buffer: a stream is held back until so many bytes have come", async () => {
    let stream: ServerResponse | undefined;
    const { url, proxy } = await serve((_, response) => {
      stream = response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.flushHeaders();
    });
    proxy.requests.on({}, { kind: "buffer", bytes: 20 });
    const [response] = (await once(request(url).end(), "response")) as [IncomingMessage];
    let text = "";
    response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    stream!.write("data: 0123\n\n");
    // What comes through another connection comes later than this would have.
    await once(request(url).end(), "response");
    expect(text).toBe("");
    const [held] = proxy.log.find({ what: "buffer" });
    expect(held).toMatchObject({ detail: "GET /" });
  });

  test("buffer: what was held back comes with the end, or when enough is there", async () => {
    let number = 0;
    const { url, proxy } = await serve((_, response) => {
      number += 1;
      if (number === 1) response.end("short");
      else response.write("x".repeat(20));
    });
    proxy.requests.on({}, { kind: "buffer", bytes: 20 });
    expect((await ask(url)).text).toBe("short");
    const [response] = (await once(request(url).end(), "response")) as [IncomingMessage];
    expect(String((await once(response, "data"))[0])).toBe("x".repeat(20));
  });
});

describe("handshakes", () => {
  /** What the server saw of the handshake: `upgrade` or `plain`. */
  async function shake(action?: HttpAction): Promise<{ readonly status: number; readonly seen: readonly string[] }> {
    const { url, proxy, server } = await serve();
    const seen: string[] = [];
    server.on("request", () => seen.push("plain"));
    server.on("upgrade", (_, socket) => {
      seen.push("upgrade");
      socket.on("error", () => undefined);
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    });
    if (action) proxy.requests.on({ method: "UPGRADE" }, action);
    proxy.requests.on({ path: "/" }, { kind: "answer", status: 500 });
    try {
      const { status, socket } = await handshake(url);
      socket?.destroy();
      return { status, seen };
    } catch {
      return { status: 0, seen };
    }
  }

  test("pass when no rule is for them", async () => {
    expect(await shake()).toEqual({ status: 101, seen: ["upgrade"] });
  });

  test("strip-upgrade: the server sees a plain request", async () => {
    expect(await shake({ kind: "strip-upgrade" })).toEqual({ status: 200, seen: ["plain"] });
  });

  test("answer: the proxy refuses by itself", async () => {
    expect(await shake({ kind: "answer", status: 403 })).toEqual({ status: 403, seen: [] });
  });

  test("drop-request and drop-response: cut before the server, and after it", async () => {
    expect(await shake({ kind: "drop-request" })).toEqual({ status: 0, seen: [] });
    expect(await shake({ kind: "drop-response" })).toEqual({ status: 0, seen: ["upgrade"] });
  });
});

test("a TCP proxy before it spoils what it carries", async () => {
  const { proxy, heard } = await serve();
  const before = await TcpProxy.start({ port: proxy.port });
  closers.push(() => before.close());
  before.add({ kind: "slice", bytes: 1 });
  expect((await ask(`http://127.0.0.1:${before.port}/sliced`, "byte by byte")).text).toBe("answer 1");
  expect(heard).toEqual([{ method: "POST", path: "/sliced", body: "byte by byte" }]);
});
