import { createServer as createHttpServer } from "node:http";
import { duplexPair } from "node:stream";
import { createServer } from "../../../src/server/server.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { bytesAsText, must, type Target } from "../target.ts";

const head = (line: string, ...fields: readonly string[]): string =>
  [line, "Host: localhost", ...fields, "", ""].join("\r\n");
const post = (path: string, body: string, type = "application/json"): string =>
  head(`POST ${path} HTTP/1.1`, `Content-Type: ${type}`, `Content-Length: ${body.length}`) + body;
const upgrade = (...fields: readonly string[]): string =>
  head("GET /carillon HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", ...fields);
const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const connect = '{"type":"connect"}';

/** A frame of a client, masked with zeros, so that what is in it can be read. */
const frame = (opcode: number, text: string): string => {
  const length = text.length < 126 ? [0x80 | text.length] : [0x80 | 126, text.length >> 8, text.length & 0xff];
  return String.fromCharCode(opcode, ...length, 0, 0, 0, 0) + text;
};

const latin1 = (...entries: readonly string[]): readonly Uint8Array[] =>
  entries.map((entry) => new Uint8Array(Buffer.from(entry, "latin1")));

/** All that one client's socket brings: request heads, bodies, cursors, handshakes. `link=1` is a link that is open. */
export const http: Target = {
  name: "http",
  corpus: latin1(
    post("/carillon/open", connect) +
      head("GET /carillon/poll?link=1&after=0 HTTP/1.1") +
      post("/carillon/send?link=1&seq=1&after=1", '{"type":"subscribe","ref":1,"channel":"lobby"}') +
      post("/carillon/send?link=1&seq=2", '[{"type":"ping"},{"type":"ping"}]') +
      head("GET /carillon/poll?link=1&after=2 HTTP/1.1") +
      post("/carillon/close?link=1", ""),
    post("/carillon/open", connect, 'application/json; charset="utf-8"') +
      head("GET /carillon/sse?link=1 HTTP/1.1", "Accept: text/event-stream, */*;q=0.5", "Last-Event-ID: 0"),
    `${head("POST /carillon/open HTTP/1.1", "Transfer-Encoding: chunked", "Content-Type: application/json")}12\r\n${connect}\r\n0\r\n\r\n`,
    head("OPTIONS /carillon/open HTTP/1.1", "Origin: http://localhost", "Access-Control-Request-Method: POST"),
    head("GET /carillon?a=%20&b=%ff HTTP/1.1", "X-Forwarded-For: 203.0.113.7, 10.0.0.1", "Cookie: token=x; a=b"),
    upgrade(key, "Sec-WebSocket-Protocol: carillon.v1.json, other", "Origin: http://localhost"),
    upgrade(key, 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=15, x; y="z"'),
  ),
  words: [
    ...[
      "GET ",
      "POST ",
      "/carillon",
      "/open",
      "/send",
      "/poll",
      "/sse",
      "?link=1",
      "&seq=",
      "&after=",
      "HTTP/1.0",
      "HTTP/1.1",
    ],
    ...[
      "\r\nContent-Length: ",
      "\r\nTransfer-Encoding: chunked\r\n",
      "\r\nExpect: 100-continue\r\n",
      "\r\nConnection: close",
    ],
    ...[
      "\r\nUpgrade: websocket\r\n",
      "\r\nHost: ",
      "\r\nOrigin: null\r\n",
      "\r\nContent-Encoding: gzip\r\n",
      "; charset=",
      "\r\n\r\n",
    ],
  ],
  executions: 500,
  run: async (input) => void (await answersTo(input)),
};

/** Frames of a WebSocket that has opened. */
export const webSocket: Target = {
  name: "websocket",
  corpus: latin1(
    frame(0x81, connect) + frame(0x81, '{"type":"subscribe","ref":1,"channel":"lobby"}') + frame(0x88, "\x03\xe8"),
    frame(0x01, '{"type":') + frame(0x89, "ping") + frame(0x80, '"connect"}') + frame(0x8a, ""),
    frame(0x81, connect) +
      frame(0x81, `{"type":"send","event":"x","data":"${"\xc3\xa9".repeat(300)}"}`) +
      frame(0x82, "bytes"),
  ),
  words: [
    "\x81\x80",
    "\x00\x80",
    "\x80\x80",
    "\x89\x80",
    "\x88\x82",
    "\xc1",
    "\x81\xfe",
    "\x81\xff\x7f\xff\xff\xff",
    "\x82\xfe",
  ],
  executions: 500,
  run: async (input) => void (await framesFor(input)),
};

/** What a client is told that opens a link and then sends this. */
export function answersTo(input: Uint8Array): Promise<string> {
  return overSocket(post("/carillon/open", connect), (told) => withLink(bytesAsText(input), told));
}

/** What a client is told that opens a WebSocket and then sends this. */
export function framesFor(input: Uint8Array): Promise<string> {
  return overSocket(upgrade(key, "Sec-WebSocket-Protocol: carillon.v1.json"), () => bytesAsText(input));
}

/** The id of a link is a secret of the server's, and no input can know it. */
function withLink(input: string, told: string): string {
  const id = /"link":"([\w-]+)"/.exec(told)?.[1];
  must(id !== undefined, "no link was opened");
  return input.replaceAll("link=1", `link=${id}`);
}

/** So many bytes at a time: frames come in parts, and what they caused is done before the next. */
const pieceBytes = 64;

/** The longest input says no more than is heard in so many turns. */
const maxTurns = 200;

/** Sends a beginning and what is to follow on its answer, over a pipe that stands in for a socket. */
async function overSocket(beginning: string, follow: (told: string) => string): Promise<string> {
  const clock = new ManualClock();
  const errors: unknown[] = [];
  const note = (facts: object): void => void ("error" in facts && errors.push(facts.error));
  let ids = 0;
  const server = createServer({
    clock,
    trustProxy: 1,
    random: { next: () => 0.5, uuid: () => String((ids += 1)) },
    logger: { info: () => undefined, warn: note, error: note },
  });
  server.on("error", ({ error }) => void (error.code === "internal" && errors.push(error)));
  const httpServer = createHttpServer();
  const detach = server.attach(httpServer);
  const [client, socket] = duplexPair();
  let told = "";
  client.on("data", (chunk: Buffer) => (told += bytesAsText(chunk.subarray(0, 4_096))));
  for (const end of [client, socket]) end.on("error", () => undefined);
  httpServer.emit("connection", socket);
  const write = (text: string): void => void client.write(Buffer.from(text, "latin1"));
  write(beginning);
  await turns(3);
  const rest = follow(told);
  const pieces = Math.min(16, Math.ceil(rest.length / pieceBytes));
  for (let piece = 0; piece < pieces; piece += 1) {
    // The last one is all that is left.
    write(rest.slice(piece * pieceBytes, piece === pieces - 1 ? undefined : (piece + 1) * pieceBytes));
    await turns(1);
  }
  await turns(4);
  client.destroy();
  socket.destroy();
  // What was read already is heard in turns, and then its end.
  for (let turn = 0; turn < maxTurns && server.connections.length > 0; turn += 1) await turns(1);
  await turns(2);
  // Links and sessions wait for their client, and give it up.
  clock.advance(600_000);
  await turns(1);
  clock.advance(600_000);
  detach();
  if (errors.length > 0) throw errors[0];
  must(told === "" || told.startsWith("HTTP/1.1 "), `no answer in HTTP: ${told.slice(0, 40)}`);
  must(!/^HTTP\/1\.1 500/m.test(told), "the server failed");
  must(server.connections.length === 0, "a connection is left");
  const { waitingBytes } = server.stats();
  must(waitingBytes === 0, `${waitingBytes} bytes wait for nobody`);
  return told;
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => void setImmediate(resolve));
}
