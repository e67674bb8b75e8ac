import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createServer, type Server, type ServerOptions } from "../../src/index.ts";
import type { Dialect, PlainRequest, Refusal, Reply } from "../../src/dialects/dialect.ts";
import type { WireHandler } from "../../src/engine/ports/wire.ts";
import { FakeWire } from "../../src/testing/fake-wire.ts";
import { ask } from "../transports/http/link-client.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close({ timeoutMs: 100 });
});

interface Posts extends Dialect {
  readonly heard: PlainRequest[];
  readonly handlers: (WireHandler | Refusal)[];
  gone: number;
  answer: () => Reply | Refusal | Promise<Reply>;
}

/** A dialect that answers its own requests, and opens a session for each POST to /open. */
function posts(origins: Dialect["origins"] = "any"): Posts {
  const dialect: Posts = {
    name: "posts",
    origins,
    heard: [],
    handlers: [],
    gone: 0,
    answer: () => ({ kind: "reply", status: 200, contentType: "text/x", body: "yes", headers: { "X-Extra": "1" } }),
    mount: () => ({
      webSocket: { maxMessageBytes: 100, pingMs: 0, pongMs: 0, maxBufferedBytes: 1_000, compressFromBytes: 0 },
      requests: {
        maxBodyBytes: 10,
        alsoAt: ["/elsewhere", "/other"],
        handle(request) {
          dialect.heard.push(request);
          request.onGone(() => (dialect.gone += 1));
          if (request.path === "/open") {
            const wire = new FakeWire();
            const handler = request.open(wire);
            if ("receive" in handler) wire.handler = handler;
            dialect.handlers.push(handler);
            return "receive" in handler ? dialect.answer() : handler;
          }
          return dialect.answer();
        },
      },
      refuse: (fault, method) => ({
        kind: "refuse",
        status: 418,
        message: "unused",
        body: `${fault} ${method}`,
        headers: { "X-Words": "own" },
      }),
      route: () => ({ kind: "open" }),
      open: () => ({ receive: () => undefined, closed: () => undefined }),
    }),
  };
  return dialect;
}

async function serve(
  dialect: Dialect = posts(),
  options: ServerOptions = {},
): Promise<{ readonly url: string; readonly warnings: string[]; readonly server: Server }> {
  const warnings: string[] = [];
  const warn = (_facts: object, message: string): void => void warnings.push(message);
  const logger = { info: () => undefined, warn, error: warn };
  const server = createServer({ endpoints: { "/posts": dialect, "/other": posts() }, logger, ...options });
  servers.push(server);
  const { url } = await server.listen({ host: "127.0.0.1" });
  return { url: url.slice(0, -1), warnings, server };
}

describe("a dialect with requests of its own", () => {
  test.each([
    ["/posts", ""],
    ["/posts/", "/"],
    ["/posts/a/b", "/a/b"],
    ["/elsewhere", "/elsewhere"],
  ])("answers at %s", async (path, rest) => {
    const dialect = posts();
    const { url } = await serve(dialect);
    const answer = await ask(`${url}${path}?x=1`, { method: "POST", body: "hi" });
    expect([answer.status, answer.body, answer.headers["content-type"], answer.headers["x-extra"]]).toEqual([
      200,
      "yes",
      "text/x",
      "1",
    ]);
    expect(dialect.heard.map((one) => [one.path, one.method, one.body])).toEqual([[rest, "POST", "hi"]]);
    expect(dialect.heard[0]!.handshake.url.searchParams.get("x")).toBe("1");
  });

  test("has no paths beside its own, and none that are another endpoint's", async () => {
    const dialect = posts();
    const { url } = await serve(dialect);
    expect((await ask(`${url}/postsx`)).status).toBe(404);
    await ask(`${url}/other`);
    expect(dialect.heard).toEqual([]);
  });

  test("takes a body of exactly the limit, and answers one byte more with 413", async () => {
    const { url } = await serve();
    expect((await ask(`${url}/posts`, { method: "POST", body: "x".repeat(10) })).status).toBe(200);
    expect((await ask(`${url}/posts`, { method: "POST", body: "x".repeat(11) })).status).toBe(413);
  });

  test("what it throws is a 500 without a word of it, and is logged", async () => {
    const dialect = posts();
    const { url, warnings } = await serve(dialect);
    dialect.answer = () => {
      throw new Error("secret");
    };
    const thrown = await ask(`${url}/posts`);
    dialect.answer = () => Promise.reject(new Error("secret"));
    const rejected = await ask(`${url}/posts`);
    for (const { status, body } of [thrown, rejected]) {
      expect(status).toBe(500);
      expect(body).not.toContain("secret");
    }
    expect(warnings).toHaveLength(2);
  });

  test("hears when a client has gone before its answer", async () => {
    const dialect = posts();
    const { url } = await serve(dialect);
    let answer: ((reply: Reply) => void) | undefined;
    dialect.answer = () => new Promise((resolve) => (answer = resolve));
    const leaving = new AbortController();
    const asked = fetch(`${url}/posts`, { signal: leaving.signal });
    while (!answer) await new Promise((resolve) => setImmediate(resolve));
    leaving.abort();
    await expect(asked).rejects.toThrow("abort");
    while (dialect.gone === 0) await new Promise((resolve) => setImmediate(resolve));
    answer({ kind: "reply", status: 200 });
    expect(dialect.gone).toBe(1);
  });

  test("its sessions are counted at the door, and closed when the server stops", async () => {
    const dialect = posts();
    const { url, server } = await serve(dialect, { admission: { connections: 1 } });
    expect((await ask(`${url}/posts/open`, { method: "POST" })).status).toBe(200);
    expect((await ask(`${url}/posts/open`, { method: "POST" })).status).toBe(503);
    const handler = dialect.handlers[0] as WireHandler;
    handler.closed(1000, "");
    expect((await ask(`${url}/posts/open`, { method: "POST" })).status).toBe(200);
    await server.close({ timeoutMs: 100 });
  });
});

describe("a dialect with words of its own", () => {
  test.each([
    ["version", "GET", { "Sec-WebSocket-Version": "12" }],
    ["method", "POST", {}],
    ["key", "GET", { "Sec-WebSocket-Key": "short" }],
    ["upgrade", "GET", { Upgrade: "h2c" }],
    ["origin", "GET", { Origin: "https://evil.example" }],
  ])("says what is wrong with the %s of a handshake", async (fault, method, headers) => {
    const { url } = await serve(posts([]));
    const answer = await ask(`${url}/posts`, {
      method,
      headers: {
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        ...headers,
      },
    });
    expect([answer.status, answer.body, answer.headers["x-words"]]).toEqual([418, `${fault} ${method}`, "own"]);
  });

  test("says it to plain requests of foreign pages, too", async () => {
    const { url } = await serve(posts([]));
    const answer = await ask(`${url}/posts`, { headers: { Origin: "https://evil.example" } });
    expect([answer.status, answer.body]).toEqual([418, "origin GET"]);
  });
});

async function opens(url: string, origin: string): Promise<boolean> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/posts`, { origin });
  return new Promise((resolve) => {
    socket.on("open", () => {
      socket.terminate();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

describe("origins of a dialect", () => {
  const page = "https://app.example.com";
  const other = "https://other.example.com";

  test("SGO-62, AO-28, GWS-37: any, with one warning, when neither it nor the server says which", async () => {
    const { url, warnings } = await serve(posts("any"));
    expect([await opens(url, page), await opens(url, other), await opens(url, page)]).toEqual([true, true, true]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("origins");
  });

  test("SGO-62, AO-28, GWS-37: those that the server's options list, when they do", async () => {
    const { url } = await serve(posts("any"), { origins: [page] });
    expect([await opens(url, page), await opens(url, other)]).toEqual([true, false]);
  });

  test("those that it lists itself, and its own host", async () => {
    const { url } = await serve(posts([page]), { origins: [other] });
    expect([await opens(url, page), await opens(url, other), await opens(url, url)]).toEqual([true, false, true]);
  });

  test("those that its function accepts", async () => {
    const { url } = await serve(posts((handshake) => handshake.header("origin") === other));
    expect([await opens(url, page), await opens(url, other)]).toEqual([false, true]);
  });
});
