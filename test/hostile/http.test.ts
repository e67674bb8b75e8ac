import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createPlainServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, expect } from "vitest";
import { createServer } from "../../src/index.ts";
import { createHttpServer } from "../../src/server/http-server.ts";
import { handshake } from "../server/raw-client.ts";
import { converse, dial, headOf, readUntil } from "../server/raw-request.ts";
import { ask, LinkClient } from "../transports/http/link-client.ts";
import { hostile, type Row } from "./rows.ts";
import type { Target } from "./target.ts";

const key = "dGhlIHNhbXBsZSBub25jZQ==";
const upgradeHeaders = [
  "Host: x",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  `Sec-WebSocket-Key: ${key}`,
];

/** A handshake with these headers instead of, or besides, its own. */
function shaken(
  what: string,
  headers: Record<string, string | undefined>,
  status: number,
  path: string = "/carillon",
): Omit<Row, "id"> {
  return {
    what: `${what} is answered with ${status}`,
    async run({ url }) {
      const answer = await handshake(new URL(path, url).href, { headers });
      answer.socket?.destroy();
      expect(answer.status).toBe(status);
      if (status === 426) expect(answer.headers["sec-websocket-version"]).toBe("13");
      if (status !== 101) expect(answer.headers.connection).toBe("close");
    },
  };
}

/** Bytes as they are; the answer begins like this, and the connection ends. */
function written(what: string, bytes: string | ((target: Target) => string), begins: RegExp): Omit<Row, "id"> {
  return {
    what,
    async run(target) {
      const answer = await converse(target.url, typeof bytes === "string" ? bytes : bytes(target));
      expect(answer).toMatch(begins);
    },
  };
}

/** A handshake of so many bytes, as Node counts them: the path, the names and the values, without what is between them. */
function largeHead(bytes: number): string {
  const counted = ["/carillon", ...upgradeHeaders.map((line) => line.replace(": ", "")), "Cookie"].join("").length;
  return headOf("GET /carillon HTTP/1.1", [...upgradeHeaders, `Cookie: ${"x".repeat(bytes - counted)}`]);
}

/** An http server with a short patience, in front of the same endpoints. */
async function impatient(run: (url: string) => Promise<void>): Promise<void> {
  const server = createServer();
  const httpServer = createHttpServer(undefined, (_request, response) => response.end());
  expect(httpServer.headersTimeout).toBe(10_000);
  expect(httpServer.requestTimeout).toBe(15_000);
  httpServer.headersTimeout = 200;
  server.attach(httpServer);
  httpServer.listen(0, "127.0.0.1");
  await once(httpServer, "listening");
  const address = httpServer.address();
  try {
    await run(`http://127.0.0.1:${typeof address === "object" ? address!.port : 0}/carillon`);
  } finally {
    httpServer.closeAllConnections();
    httpServer.close();
    await server.close({ timeoutMs: 1 });
  }
}

const spaces = " ".repeat(15_000);

const rows: readonly Row[] = [
  { id: "H01", ...shaken("no key", { "Sec-WebSocket-Key": undefined }, 400) },
  { id: "H02", ...shaken("a key that is too short", { "Sec-WebSocket-Key": "abc" }, 400) },
  { id: "H02", ...shaken("a key of equals signs", { "Sec-WebSocket-Key": "=".repeat(24) }, 400) },
  { id: "H02", ...shaken("a key of 25 characters", { "Sec-WebSocket-Key": `${key}=` }, 400) },
  { id: "H02", ...shaken("a key with a space", { "Sec-WebSocket-Key": key.replace("d", " ") }, 400) },
  { id: "H03", ...shaken("version 12", { "Sec-WebSocket-Version": "12" }, 426) },
  { id: "H03", ...shaken("versions 7 and 8", { "Sec-WebSocket-Version": "7, 8" }, 426) },
  { id: "H03", ...shaken("no version", { "Sec-WebSocket-Version": undefined }, 426) },
  {
    id: "H04",
    what: "any method but GET is answered with 405",
    async run({ url }) {
      for (const method of ["POST", "HEAD", "PUT", "DELETE"]) {
        expect((await handshake(url, { method })).status, method).toBe(405);
      }
    },
  },
  {
    id: "H05",
    ...written(
      "an upgrade that the connection does not speak of is a plain request",
      headOf("GET /carillon HTTP/1.1", [
        ...upgradeHeaders.filter((line) => !line.startsWith("Conn")),
        "Connection: close",
      ]),
      /^HTTP\/1\.1 426 /,
    ),
  },
  { id: "H06", ...shaken("an upgrade to h2c", { Upgrade: "h2c" }, 400) },
  { id: "H06", ...shaken("an upgrade to one of two", { Upgrade: "websocket, h2c" }, 400) },
  {
    id: "H06",
    what: "a refused upgrade that is reset harms nobody",
    async run({ url }) {
      for (let round = 0; round < 20; round += 1) {
        const socket = await dial(url);
        socket.write(headOf("GET /carillon HTTP/1.1", ["Host: x", "Connection: Upgrade", "Upgrade: h2c"]));
        socket.resetAndDestroy();
      }
    },
  },
  {
    id: "H07",
    ...written(
      "2,000 tiny headers are too many",
      headOf("GET /carillon HTTP/1.1", [...upgradeHeaders, ...Array.from({ length: 2_000 }, () => "a:b")]),
      /^HTTP\/1\.1 431 /,
    ),
  },
  {
    id: "H07",
    ...written(
      "101 headers are one too many",
      headOf("GET /carillon HTTP/1.1", [...upgradeHeaders, ...Array.from({ length: 96 }, () => "a: b")]),
      /^HTTP\/1\.1 431 /,
    ),
  },
  {
    id: "H07",
    what: "100 headers are not",
    run: async ({ url }) => {
      const socket = await dial(url);
      socket.write(headOf("GET /carillon HTTP/1.1", [...upgradeHeaders, ...Array.from({ length: 95 }, () => "a: b")]));
      expect(await readUntil(socket, /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 101 /);
      socket.destroy();
    },
  },
  {
    id: "H08",
    what: "headers of 16 KiB are taken",
    async run({ url }) {
      const socket = await dial(url);
      socket.write(largeHead(16_384));
      expect(await readUntil(socket, /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 101 /);
      socket.destroy();
    },
  },
  { id: "H08", ...written("one byte more is too large", largeHead(16_385), /^HTTP\/1\.1 431 /) },
  {
    id: "H08",
    ...written(
      "so is a cookie of 64 KiB, for those who still read while they write",
      headOf("POST /carillon/open HTTP/1.1", ["Host: x", `Cookie: ${"x".repeat(65_536)}`]),
      /^(?:HTTP\/1\.1 431 |$)/,
    ),
  },
  {
    id: "H09",
    what: "headers that drip in are answered with 408 once their time is up",
    run: () =>
      impatient(async (url) => {
        const drips = Array.from({ length: 50 }, async () => {
          const socket = await dial(url);
          socket.write("GET /carillon HTTP/1.1\r\nHost: x\r\nX-Slow: ");
          return readUntil(socket);
        });
        for (const answer of await Promise.all(drips)) expect(answer).toMatch(/^HTTP\/1\.1 408 /);
      }),
  },
  {
    id: "H10",
    what: "a connection that says nothing is ended",
    run: () =>
      impatient(async (url) => {
        expect(await readUntil(await dial(url))).toMatch(/^(?:HTTP\/1\.1 408 |$)/);
      }),
  },
  {
    id: "H11",
    ...shaken("a header named __proto__", { ["__proto__"]: "x", constructor: "y", hasOwnProperty: "z" }, 101),
  },
  {
    id: "H11",
    what: "such headers do not matter to plain requests either",
    async run({ url }) {
      const headers = ["Host: x", "Connection: close", "__proto__: x", "constructor: y", "hasOwnProperty: z"];
      const post = headOf("POST /carillon/open HTTP/1.1", [
        ...headers,
        "Content-Type: application/json",
        "Content-Length: 0",
      ]);
      expect(await converse(url, post)).toMatch(/^HTTP\/1\.1 200 /);
    },
  },
  {
    id: "H11",
    what: "nor to an application's own http server, where Node itself may not read them",
    async run() {
      const server = createServer();
      const httpServer = createPlainServer((_request, response) => response.end());
      server.attach(httpServer);
      httpServer.listen(0, "127.0.0.1");
      await once(httpServer, "listening");
      const { port } = httpServer.address() as AddressInfo;
      const answer = await handshake(`http://127.0.0.1:${port}/carillon`, { headers: { ["__proto__"]: "x" } });
      answer.socket?.destroy();
      expect([101, 400]).toContain(answer.status);
      httpServer.close();
      await server.close({ timeoutMs: 1 });
    },
  },
  ...["constructor", "a; __proto__; hasOwnProperty"].map((extension) => ({
    id: "H12",
    what: `the extension ${extension} is not agreed to`,
    run: async ({ url }: Target) => {
      for (const path of ["/carillon", "/deflate"]) {
        const answer = await handshake(new URL(path, url).href, { headers: { "Sec-WebSocket-Extensions": extension } });
        answer.socket?.destroy();
        expect(answer.status).toBe(101);
        expect(answer.headers["sec-websocket-extensions"]).toBeUndefined();
      }
    },
  })),
  {
    id: "H13",
    what: "an extension whose quotes do not close is refused at once",
    async run({ url }) {
      const headers = { "Sec-WebSocket-Extensions": `x; a="${"\\a".repeat(7_400)}` };
      const before = performance.now();
      expect((await handshake(new URL("/deflate", url).href, { headers })).status).toBe(400);
      expect(performance.now() - before).toBeLessThan(200);
    },
  },
  { id: "H14", ...shaken("a subprotocol with 15 KB of spaces", { "Sec-WebSocket-Protocol": `b${spaces}x` }, 400) },
  { id: "H15", ...shaken("the same subprotocol twice", { "Sec-WebSocket-Protocol": "a, a" }, 400) },
  { id: "H15", ...shaken("a list of no subprotocols", { "Sec-WebSocket-Protocol": "," }, 400) },
  {
    id: "H16",
    what: "only known subprotocols are chosen, the client's favourite first",
    async run({ url }) {
      for (const [offer, chosen] of [
        [undefined, undefined],
        ["unknown", undefined],
        ["unknown, carillon.v1.msgpack, carillon.v1.json", "carillon.v1.msgpack"],
      ]) {
        const { status, headers, socket } = await handshake(url, { headers: { "Sec-WebSocket-Protocol": offer } });
        socket?.destroy();
        expect(status).toBe(101);
        expect(headers["sec-websocket-protocol"]).toBe(chosen);
      }
    },
  },
  ...[
    "permessage-deflate; server_max_window_bits=7",
    "permessage-deflate; server_max_window_bits=16",
    "permessage-deflate; server_max_window_bits=abc",
    "permessage-deflate; server_max_window_bits=10; server_max_window_bits=11",
    "permessage-deflate; unknown",
  ].map((extension) => ({
    id: "H17",
    what: `the offer ${extension} is declined or refused`,
    run: async ({ url }: Target) => {
      const headers = { "Sec-WebSocket-Extensions": extension };
      const answer = await handshake(new URL("/deflate", url).href, { headers });
      answer.socket?.destroy();
      expect(answer.headers["sec-websocket-extensions"]).toBeUndefined();
      expect([101, 400]).toContain(answer.status);
    },
  })),
  {
    id: "H18",
    what: "200 offers of compression are one",
    async run({ url }) {
      const headers = { "Sec-WebSocket-Extensions": Array.from({ length: 200 }, () => "permessage-deflate").join() };
      const before = performance.now();
      const answer = await handshake(new URL("/deflate", url).href, { headers });
      expect(performance.now() - before).toBeLessThan(200);
      answer.socket?.destroy();
      expect(answer.headers["sec-websocket-extensions"]).toMatch(/^permessage-deflate(?:;[^,]*)?$/);
    },
  },
  {
    id: "H19",
    what: "a page of another origin is refused, and the log says which option would let it in",
    async run({ url, warnings }) {
      expect((await handshake(url, { headers: { Origin: "https://evil.example" } })).status).toBe(403);
      expect(warnings).toEqual([expect.stringContaining(`createServer({ origins: ["https://evil.example"] })`)]);
    },
  },
  ...(
    [
      ["https://app.example.com", 101],
      ["https://APP.example.com:443", 101],
      ["http://app.example.com", 403],
      ["https://app.example.com.evil.io", 403],
      ["https://evilapp.example.com", 403],
      ["https://app.example.com:444", 403],
      ["null", 403],
      ["", 403],
      ["not an origin", 403],
      [`https://${"x".repeat(10_000)}.example`, 403],
    ] as const
  ).map(([origin, status]) => ({
    id: "H20",
    ...shaken(`the origin ${JSON.stringify(origin.slice(0, 40))}`, { Origin: origin }, status),
  })),
  ...["Origin: https://app.example.com", "Host: x", `Sec-WebSocket-Key: ${key}`].map((line) => ({
    id: "H22",
    ...written(
      `two headers of ${line.split(":")[0]} are refused`,
      headOf("GET /carillon HTTP/1.1", [...upgradeHeaders.filter((header) => header !== line), line, line]),
      /^HTTP\/1\.1 400 /,
    ),
  })),
  {
    id: "H22",
    ...written(
      "of plain requests, too",
      headOf("POST /carillon/open HTTP/1.1", [
        "Host: x",
        "Connection: close",
        "Origin: https://app.example.com",
        "Origin: https://app.example.com",
      ]),
      /^HTTP\/1\.1 400 /,
    ),
  },
  { id: "H23", ...shaken("a host with a space", { Host: "a b" }, 400) },
  {
    id: "H23",
    ...written(
      "a request without a host is refused",
      headOf("GET /carillon HTTP/1.1", upgradeHeaders.slice(1)),
      /^HTTP\/1\.1 400 /,
    ),
  },
  {
    id: "H23",
    ...written("so is one of HTTP/1.0", headOf("GET /carillon/poll?link=x&after=0 HTTP/1.0", []), /^HTTP\/1\.1 400 /),
  },
  {
    id: "H23",
    ...written(
      "a target with an address is not ours",
      headOf("GET http://x/carillon HTTP/1.1", upgradeHeaders),
      /^HTTP\/1\.1 404 /,
    ),
  },
  {
    id: "H24",
    what: "paths are compared byte for byte",
    async run({ url }) {
      for (const path of [
        "/carillon/../carillon",
        "/%63arillon",
        "//carillon",
        "/carillon;x",
        "/carillon/",
        "/Carillon",
        "/carillon%00",
      ]) {
        expect(await converse(url, headOf(`GET ${path} HTTP/1.1`, upgradeHeaders)), path).toMatch(/^HTTP\/1\.1 404 /);
        const plain = headOf(`POST ${path}/open HTTP/1.1`, ["Host: x", "Connection: close"]);
        expect(await converse(url, plain), path).toMatch(/^HTTP\/1\.1 404 /);
      }
    },
  },
  ...[
    `a=${"x".repeat(15_000)}`,
    Array.from({ length: 5_000 }, () => "a").join("&"),
    "transport[]=x",
    "__proto__[a]=1&__proto__=1&constructor=1",
    "a=%FF%FE",
    "%",
  ].map((query) => ({
    id: "H25",
    what: `the query ${query.slice(0, 40)} means nothing`,
    run: async ({ url }: Target) => {
      const { status, socket } = await handshake(`${url}?${query}`);
      socket?.destroy();
      expect(status).toBe(101);
      expect((await ask(`${url}/poll?${query}`)).status).toBe(400);
      const headers = { "Content-Type": "application/json" };
      expect((await ask(`${url}/open?${query}`, { method: "POST", headers })).status).toBe(200);
    },
  })),
  ...(
    [
      ["both a length and chunks", ["Content-Length: 1", "Transfer-Encoding: chunked"]],
      ["a length with a sign", ["Content-Length: +1"]],
      ["a length that is a list", ["Content-Length: 1, 1"]],
      ["a length in hexadecimal", ["Content-Length: 0x10"]],
      ["two lengths", ["Content-Length: 1", "Content-Length: 2"]],
      ["chunks in a coding of their own", ["Transfer-Encoding: xchunked"]],
    ] as const
  ).map(([what, headers]) => ({
    id: "H26",
    ...written(
      `a body with ${what} is refused`,
      `${headOf("POST /carillon/open HTTP/1.1", ["Host: x", "Content-Type: application/json", ...headers])}0\r\n\r\n`,
      /^HTTP\/1\.1 400 /,
    ),
  })),
  {
    id: "H27",
    ...written(
      "chunk extensions of 1 MB are too large",
      `${headOf("POST /carillon/open HTTP/1.1", ["Host: x", "Content-Type: application/json", "Transfer-Encoding: chunked"])}1;${"x".repeat(1_000_000)}\r\na\r\n`,
      /^(?:HTTP\/1\.1 413 |$)/,
    ),
  },
  {
    id: "H27",
    ...written(
      "100,000 chunks of one byte are too large, too",
      `${headOf("POST /carillon/open HTTP/1.1", ["Host: x", "Content-Type: application/json", "Transfer-Encoding: chunked"])}${"1\r\na\r\n".repeat(100_000)}`,
      /^(?:HTTP\/1\.1 413 |$)/,
    ),
  },
  {
    id: "H28",
    what: "what comes in one packet with the handshake is read",
    async run({ url }) {
      const socket = await dial(url);
      const payload = Buffer.from('{"type":"connect"}');
      const frame = Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
      socket.write(Buffer.concat([Buffer.from(headOf("GET /carillon HTTP/1.1", upgradeHeaders)), frame]));
      expect(await readUntil(socket, /"type":"connected"/)).toMatch(/^HTTP\/1\.1 101 [^]*"type":"connected"/);
      socket.destroy();
    },
  },
  {
    id: "H29",
    what: "clients that reset before they are answered leave nothing behind",
    async run({ url, server }) {
      for (let round = 0; round < 20; round += 1) {
        const socket = await dial(url);
        socket.write(headOf("GET /carillon HTTP/1.1", upgradeHeaders));
        socket.resetAndDestroy();
      }
      expect(server.stats().connections).toBe(1);
    },
  },
  {
    id: "H30",
    ...written("a preface of HTTP/2 is refused", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", /^HTTP\/1\.1 (?:400|505) |^$/),
  },
  {
    id: "H30",
    what: "a TLS port takes plain HTTP and garbage for what they are, and serves those who speak TLS",
    async run() {
      const [keyFile, cert] = ["server.key.pem", "server.pem"].map((file) =>
        readFileSync(new URL(`../client/certs/${file}`, import.meta.url)),
      );
      const server = createServer();
      const { url, port } = await server.listen({ host: "127.0.0.1", tls: { key: keyFile!, cert: cert! } });
      expect(await converse(url, headOf("GET /carillon HTTP/1.1", upgradeHeaders))).not.toContain("101");
      expect(await converse(url, Buffer.alloc(1_000, 0x16))).not.toContain("HTTP");
      const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
      await once(socket, "secureConnect");
      socket.write(headOf("GET /carillon HTTP/1.1", upgradeHeaders));
      expect(await readUntil(socket, /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 101 /);
      socket.destroy();
      await server.close({ timeoutMs: 1 });
    },
  },
  {
    id: "H31",
    ...written(
      "a client that announces 1 GB is not asked to go on",
      headOf("POST /carillon/open HTTP/1.1", [
        "Host: x",
        "Content-Type: application/json",
        "Expect: 100-continue",
        "Content-Length: 1000000000",
      ]),
      /^HTTP\/1\.1 413 /,
    ),
  },
  {
    id: "H32",
    what: "a preflight from a foreign origin is told nothing",
    async run({ url }) {
      const headers = { Origin: "https://evil.example", "Access-Control-Request-Method": "POST" };
      const answer = await ask(`${url}/open`, { method: "OPTIONS", headers });
      expect(answer.status).toBe(403);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    },
  },
  {
    id: "H33",
    what: "what proxies say is not believed",
    async run({ url, server }) {
      const addresses: (string | undefined)[] = [];
      const stop = server.on("connect", ({ connection }) => addresses.push(connection.handshake.ip));
      for (const forwarded of ["' OR 1", "6.6.6.6", Array.from({ length: 1_000 }, () => "6.6.6.6").join()]) {
        const headers = {
          "Content-Type": "application/json",
          Proxy: "http://evil",
          "X-Forwarded-For": forwarded,
          Forwarded: "for=6.6.6.6",
          "X-Real-IP": "6.6.6.6",
        };
        await LinkClient.open(url, '{"type":"connect"}', headers);
      }
      stop();
      expect(addresses).toEqual(["127.0.0.1", "127.0.0.1", "127.0.0.1"]);
    },
  },
  ...["open", "send", "poll", "sse", "close"].map((action) => ({
    id: "H34",
    ...shaken(`an upgrade at /${action}`, {}, 400, `/carillon/${action}`),
  })),
];

describe("HTTP, handshakes and routing", () => {
  hostile({ group: "H" }, rows);
});
