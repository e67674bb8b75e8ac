import { deflateRawSync } from "node:zlib";
import { describe, expect } from "vitest";
import { createClient, longPolling, sse, type Transport } from "../../src/client/index.ts";
import { nodeWebSocket } from "../../src/client/node.ts";
import { webSocket } from "../../src/client/transports/websocket.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { turn } from "../transports/http/serve.ts";
import { frame, text } from "./frames.ts";
import { hostileServer, switching } from "./hostile-server.ts";
import { hostile, type Row } from "./rows.ts";

const webSockets: Readonly<Record<string, () => Transport>> = { ws: nodeWebSocket, platform: webSocket };
const polls: Readonly<Record<string, () => Transport>> = { "long-polling": longPolling, "server-sent events": sse };

const unmasked = { masked: false };
const welcome = text('{"type":"connected","connection":"c-1","heartbeatMs":0,"maxMessageBytes":65536}', unmasked);

const goingAway = frame(8, Buffer.from([1001 >> 8, 1001 & 255]), unmasked);

/** 64-bit length, with nothing behind it. */
const endless = Buffer.from([0x81, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255]);

const broken: Readonly<Record<string, Buffer>> = {
  "a frame with a mask": text("{}"),
  "opcode 3": frame(3, "", unmasked),
  "2^63 - 1 bytes": endless,
  "a length with its first bit set": Buffer.from([0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]),
  "a reserved bit": text("a", { ...unmasked, rsv: 0x10 }),
  "a bomb that nobody agreed to inflate": text(deflateRawSync(Buffer.alloc(50_000_000)), { ...unmasked, rsv: 0x40 }),
  "text that is not UTF-8": text(Buffer.from([0xff]), unmasked),
  "a close code that is none": frame(8, Buffer.from([0, 0]), unmasked),
};

/** After a good beginning come these bytes: the client loses its connection, says so once, and may come back. */
const loses = (id: string, what: string, name: string, transport: () => Transport, bytes: Buffer): Row => ({
  id,
  what: `${what} costs the client its connection, and nothing else (${name})`,
  async run() {
    const server = await hostileServer((socket, head) =>
      socket.write(Buffer.concat([Buffer.from(switching(head)), welcome, bytes])),
    );
    const client = createClient(server.url, { transports: [transport()], clock: new ManualClock() });
    const ends: boolean[] = [];
    client.on("disconnect", ({ willReconnect }) => ends.push(willReconnect));
    await client.connect();
    while (ends.length === 0) await turn();
    expect(ends).toEqual([true]);
    expect(client.state.kind).toBe("waiting");
    await client.close();
    server.stop();
  },
});

/** To whom this is the answer to a handshake never gets in. */
const fails = (id: string, what: string, answer: (head: string) => string, transports: typeof webSockets): Row[] =>
  Object.entries(transports).map(([name, transport]) => ({
    id,
    what: `${what} is no connection (${name})`,
    async run() {
      const server = await hostileServer((socket, head) => socket.end(answer(head)));
      const client = createClient(server.url, { transports: [transport()], reconnect: false, token: "t-1" });
      await expect(client.connect()).rejects.toMatchObject({ code: "connect-failed" });
      expect(client.state.kind).toBe("closed");
      expect(server.asked).toHaveLength(1);
      server.stop();
    },
  }));

const redirects = ["http://169.254.169.254/latest/meta-data", "http://127.0.0.1:1/elsewhere", "//evil.example/"];

const json = (message: object): Buffer => text(JSON.stringify(message), unmasked);

const publication = (n: number): Buffer =>
  json({ type: "publication", channel: "lobby", event: "tick", data: n, id: `p-${n}`, time: 0, position: `e.${n}.t` });

/** A channel at a server that says all this as soon as it is asked for the channel; what a client was told of it. */
async function toldBy(said: readonly Buffer[], last: number): Promise<readonly unknown[]> {
  const subscribed = json({ type: "subscribed", channel: "lobby", position: "e.0.t" });
  const server = await hostileServer((socket, head) => {
    socket.write(switching(head));
    socket.once("data", () => {
      socket.write(welcome);
      socket.once("data", () => socket.write(Buffer.concat([subscribed, ...said])));
    });
  });
  const client = createClient(server.url, { transports: [nodeWebSocket()], clock: new ManualClock() });
  const told: unknown[] = [];
  const lobby = client.channel("lobby");
  lobby.on("tick", (data) => void told.push(data));
  lobby.onGap(({ from, to }) => void told.push(`${from} to ${to}`));
  await client.connect();
  await lobby.subscribe();
  while (told.at(-1) !== last) await turn();
  expect(lobby.position).toBe(`e.${last}.t`);
  server.stop();
  await client.close();
  return told;
}

/** How long a client waits whom a server turns away with this wish. */
const waits = (status: number, retryAfter: string, ms: number): Row[] =>
  Object.entries(polls).map(([name, transport]) => ({
    id: "C05",
    what: `${status} with Retry-After: ${retryAfter} is a wait of ${ms} ms (${name})`,
    async run() {
      const headers = `Retry-After: ${retryAfter}\r\nContent-Length: 0\r\nConnection: close`;
      const server = await hostileServer((socket) => socket.end(`HTTP/1.1 ${status} No\r\n${headers}\r\n\r\n`));
      const clock = new ManualClock();
      const reconnect = { delayMs: 1_000, jitter: "none" } as const;
      const client = createClient(server.url, { transports: [transport()], clock, reconnect });
      const connected = client.connect().catch(() => undefined);
      while (client.state.kind !== "waiting") await turn();
      expect(client.state.retryAt - clock.wall()).toBe(ms);
      clock.advance(ms - 1);
      expect(client.state.kind).toBe("waiting");
      clock.advance(1);
      expect(client.state.kind).toBe("connecting");
      await client.close();
      await connected;
      server.stop();
    },
  }));

const rows: readonly Row[] = [
  ...waits(429, "7", 7_000),
  ...waits(503, "300", 300_000),
  ...waits(503, "301", 300_000),
  ...waits(429, "1e9", 300_000),
  ...waits(429, "Infinity", 300_000),
  ...["0", "-1000", "NaN", "", "Wed, 21 Oct 2099 07:28:00 GMT", "7, 8"].flatMap((none) => waits(429, none, 1_000)),
  {
    id: "C07",
    what: "what a server says again, and what it goes back to, is heard once, in order",
    async run() {
      expect(await toldBy([1, 2, 2, 1, 7, 3, 9].map(publication), 9)).toEqual([1, 2, 7, 9]);
    },
  },
  {
    id: "C07",
    what: "of each hole that a server tells of, a client hears once, before what is behind it",
    async run() {
      const holes = Array.from({ length: 1_000 }, (_, n) => [10 * n + 1, 10 * n + 10] as const);
      const said = holes.flatMap(([from, to]) => [
        publication(from),
        json({ type: "gap", channel: "lobby", from: `e.${from}.t`, to: `e.${to - 1}.t`, reason: "expired" }),
        publication(to),
      ]);
      const told = holes.flatMap(([from, to]) => [from, `e.${from}.t to e.${to - 1}.t`, to]);
      expect(await toldBy(said, 10_000)).toEqual(told);
    },
  },
  ...Object.entries(broken).flatMap(([what, bytes]) =>
    Object.entries(webSockets).map(([name, transport]) => loses("C01", what, name, transport, bytes)),
  ),
  {
    id: "C01",
    what: "a bomb where compression was agreed is not inflated past the limit",
    async run() {
      const more = "Sec-WebSocket-Protocol: carillon.v1.json\r\nSec-WebSocket-Extensions: permessage-deflate";
      const bomb = text(deflateRawSync(Buffer.alloc(100_000_000)), { ...unmasked, rsv: 0x40 });
      const server = await hostileServer((socket, head) =>
        socket.write(Buffer.concat([Buffer.from(switching(head, { more })), welcome, bomb])),
      );
      const client = createClient(server.url, { transports: [nodeWebSocket({ compress: true })], reconnect: false });
      await client.connect();
      while (client.state.kind !== "closed") await turn();
      server.stop();
    },
  },
  ...fails("C02", "a wrong Sec-WebSocket-Accept", (head) => switching(head, { accept: "x" }), webSockets),
  ...fails(
    "C02",
    "a subprotocol that was not offered",
    (head) => switching(head, { more: "Sec-WebSocket-Protocol: b" }),
    webSockets,
  ),
  ...fails(
    "C02",
    "an extension that was not offered",
    (head) => switching(head, { more: "Sec-WebSocket-Extensions: x-evil" }),
    { ws: nodeWebSocket },
  ),
  ...redirects.flatMap((location) =>
    [301, 302, 307].flatMap((status) =>
      fails(
        "C03",
        `a ${status} to ${location}`,
        () => `HTTP/1.1 ${status} Elsewhere\r\nLocation: ${location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
        { ...webSockets, ...polls },
      ),
    ),
  ),
  ...[
    ["lets in and closes", (head: string) => Buffer.concat([Buffer.from(switching(head)), welcome, goingAway])],
    [
      "refuses",
      () => Buffer.from("HTTP/1.1 503 No\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    ],
  ].map(([what, answer]): Row => ({
    id: "C04",
    what: `a server that ${what as string} again and again is asked less than once a second`,
    async run() {
      const clock = new ManualClock();
      const server = await hostileServer((socket, head) => socket.end((answer as (head: string) => Buffer)(head)));
      const client = createClient(server.url, { transports: [nodeWebSocket()], clock, reconnect: { jitter: "none" } });
      client.connect().catch(() => undefined);
      for (let second = 0; second < 60; second += 1) {
        while (client.state.kind !== "waiting") await turn();
        clock.advance(1_000);
      }
      expect(server.asked.length).toBeGreaterThan(2);
      expect(server.asked.length).toBeLessThanOrEqual(61);
      await client.close();
      expect(clock.timers).toBe(0);
      server.stop();
    },
  })),
  ...["Infinity", "-1", "NaN", "1e9"].map((heartbeatMs): Row => ({
    id: "C09",
    what: `a welcome with a heartbeat of ${heartbeatMs} ms harms nobody`,
    async run() {
      const said = text(
        `{"type":"connected","connection":"c-1","heartbeatMs":${heartbeatMs},"maxMessageBytes":1}`,
        unmasked,
      );
      const server = await hostileServer((socket, head) =>
        socket.write(Buffer.concat([Buffer.from(switching(head)), said])),
      );
      const clock = new ManualClock();
      const client = createClient(server.url, { transports: [nodeWebSocket()], clock, reconnect: { attempts: 1 } });
      await client.connect().catch((error: unknown) => expect(error).toMatchObject({ name: "CarillonError" }));
      server.stop();
      await client.close();
      expect(clock.timers).toBe(0);
    },
  })),
  ...[
    ["10,000 lists within each other", `${"[".repeat(10_000)}${"]".repeat(10_000)}`],
    ["10,000 objects", `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`],
  ].map(([what, said]): Row => ({
    id: "C09",
    what: `${what!} mean nothing to the client, which hears what follows`,
    async run() {
      const next = text('{"type":"send","event":"next"}', unmasked);
      const server = await hostileServer((socket, head) =>
        socket.write(Buffer.concat([Buffer.from(switching(head)), welcome, text(said!, unmasked), next])),
      );
      const client = createClient(server.url, { transports: [nodeWebSocket()], clock: new ManualClock() });
      let isHeard = false;
      client.on("next", () => void (isHeard = true));
      await client.connect();
      while (!isHeard) await turn();
      server.stop();
      await client.close();
    },
  })),
  loses("C09", "a message of 4 MiB and a byte", "ws", nodeWebSocket, text(`"${"x".repeat(4 * 2 ** 20)}"`, unmasked)),
];

describe("a hostile server", () => {
  hostile({ group: "C" }, rows);
});
