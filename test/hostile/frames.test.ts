import { once } from "node:events";
import { describe, expect } from "vitest";
import { dial, headOf, readUntil } from "../server/raw-request.ts";
import { turn } from "../transports/http/serve.ts";
import { closing, connect, frame, noise, ping, RawSocket, text } from "./frames.ts";
import { hostile, type Row } from "./rows.ts";
import type { Target } from "./target.ts";

const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);

/** These bytes, from a client that is connected, are the end: a close frame with this code, and then the connection. */
function ends(id: string, what: string, wire: Uint8Array | (() => Uint8Array), ...codes: readonly number[]): Row {
  return {
    id,
    what: `${what} is closed with ${codes.join(" or ")}`,
    async run({ url }: Target) {
      const client = await RawSocket.open(url);
      await client.write(connect, typeof wire === "function" ? wire() : wire);
      expect(codes).toContain((await client.ended()).code);
    },
  };
}

/** These bytes harm nobody: what is behind them is answered. */
function fine(id: string, what: string, wire: Uint8Array, check: (target: Target) => void = () => undefined): Row {
  return {
    id,
    what,
    async run(target: Target) {
      const client = await RawSocket.open(target.url);
      await client.write(connect, wire, ping);
      const { texts, code } = await client.until(({ texts }) => texts.includes('{"type":"pong"}'));
      expect([texts.at(-1), code]).toEqual(['{"type":"pong"}', 1006]);
      check(target);
      client.leave();
    },
  };
}

/** A frame's header that announces this many bytes, in eight. */
function announcing(high: number, low: number): Buffer {
  const header = Buffer.alloc(14);
  header[0] = 0x82;
  header[1] = 0xff;
  header.writeUInt32BE(high, 2);
  header.writeUInt32BE(low, 6);
  return header;
}

const maxMessageBytes = 65_536;

/** A message of so many bytes that is a ping. */
function padded(length: number): string {
  const [head, tail] = ['{"type":"ping","pad":"', '"}'];
  return head + "x".repeat(length - head.length - tail.length) + tail;
}

const notUtf8: Readonly<Record<string, Buffer>> = {
  "an overlong form": bytes(0xc0, 0x80),
  "a surrogate": bytes(0xed, 0xa0, 0x80),
  "a code point past the last": bytes(0xf4, 0x90, 0x80, 0x80),
  "a byte that is none": bytes(0xff),
  "a character that is cut off": bytes(0x61, 0xe2, 0x82),
};

/** What three frames that are right look like on the wire. */
const script = Buffer.concat([connect, text('{"type":"request","ref":1,"event":"echo","data":1}'), closing(1000)]);

/** Every end that a broken script may have: not at all, by `ws`, by the dialect, or by the client's own close, echoed. */
function isEnd(code: number): boolean {
  return (code >= 1000 && code <= 1014 && code !== 1004) || (code >= 3000 && code <= 4999);
}

/** Writes these bytes and then the end of the stream; says how the server ended it. */
async function endOf(target: Target, wire: Uint8Array): Promise<number> {
  const client = await RawSocket.open(target.url);
  client.socket.end(wire);
  return (await client.ended()).code;
}

const rows: readonly Row[] = [
  ends("W01", "a frame without a mask", text("a", { masked: false }), 1002),
  ...[0x40, 0x20, 0x10].map((rsv) => ends("W02", `the reserved bit ${rsv}`, text("a", { rsv }), 1002)),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => ends("W03", `opcode ${opcode}`, frame(opcode), 1002)),
  ends("W04", "a ping of 126 bytes", frame(9, Buffer.alloc(126)), 1002),
  ends("W04", "a ping in pieces", frame(9, "", { fin: false }), 1002),
  fine("W04", "a ping of 125 bytes is answered", frame(9, Buffer.alloc(125))),
  ends("W05", "a continuation of nothing", frame(0, "a"), 1002),
  ends("W05", "text within a message", Buffer.concat([text("a", { fin: false }), text("b")]), 1002),
  ends("W06", "a length with its first bit set", announcing(0x80000000, 0), 1002, 1009),
  ends("W07", "a length of 2^53", announcing(0x200000, 0), 1009),
  ends("W07", "a length of 2^63 - 1", announcing(0x7fffffff, 0xffffffff), 1009),
  ends("W07", "a length of 2^32", announcing(1, 0), 1009),
  ends(
    "W09",
    "a length of one byte more than the limit, before any of them came",
    announcing(0, maxMessageBytes + 1),
    1009,
  ),
  ends(
    "W10",
    "a message of 65 fragments that together are too long",
    Buffer.concat([
      text(Buffer.alloc(1_024), { fin: false }),
      ...Array.from({ length: 64 }, () => frame(0, Buffer.alloc(1_024), { fin: false })),
    ]),
    1009,
  ),
  ends(
    "W11",
    "a message of 131,000 fragments of a byte",
    () =>
      Buffer.concat([
        text("a", { fin: false }),
        ...Array.from({ length: 131_000 }, () => frame(0, "a", { fin: false })),
      ]),
    1008,
    1009,
  ),
  ends(
    "W12",
    "a message of 100,000 empty fragments",
    () =>
      Buffer.concat([text("", { fin: false }), ...Array.from({ length: 100_000 }, () => frame(0, "", { fin: false }))]),
    1008,
  ),
  {
    id: "W13",
    what: "a message of 64 KiB that comes byte by byte is one message",
    async run({ url }) {
      const client = await RawSocket.open(url);
      client.socket.setNoDelay(true);
      await client.write(connect);
      const message = text(padded(maxMessageBytes));
      for (let at = 0; at < message.length; at += 64) {
        for (const byte of message.subarray(at, at + 64)) client.socket.write(bytes(byte));
        await turn();
      }
      expect((await client.until(({ texts }) => texts.length > 1)).texts.at(-1)).toBe('{"type":"pong"}');
      client.leave();
    },
  },
  ...[
    ["two bytes of a header", connect.subarray(0, 2)],
    ["half of a mask", connect.subarray(0, 4)],
    ["half of a payload", connect.subarray(0, 12)],
  ].map(([what, part]) => ({
    id: "W14",
    what: `${what as string}, and then nothing, is closed with 4504 in its time`,
    run: async ({ url, clock }: Target) => {
      const client = await RawSocket.open(url);
      await client.write(part as Buffer);
      await turn();
      clock.advance(10_000);
      expect((await client.until(({ code }) => code !== 1006)).code).toBe(4504);
      client.leave();
    },
  })),
  ...Object.entries(notUtf8).map(([what, payload]) => ends("W16", `text with ${what}`, text(payload), 1007)),
  ends(
    "W17",
    "text whose fragments are UTF-8 only to their seams",
    Buffer.concat([text(bytes(0xe2), { fin: false }), frame(0, bytes(0x28, 0xa1))]),
    1007,
  ),
  {
    id: "W17",
    what: "a character that is divided between two segments is one",
    async run({ url }) {
      const client = await RawSocket.open(url);
      const message = text('{"type":"request","ref":1,"event":"echo","data":"€"}');
      const middle = message.indexOf(0xe2) + 1;
      await client.write(connect, message.subarray(0, middle));
      await turn();
      await client.write(message.subarray(middle));
      expect((await client.until(({ texts }) => texts.length > 1)).texts[1]).toContain("€");
      client.leave();
    },
  },
  ...["a\\u0000b", "\ufeffa", "\u2028", "\uffff"].map((data) => ({
    id: "W18",
    what: `${JSON.stringify(data)} is text like any other`,
    run: async ({ url }: Target) => {
      const client = await RawSocket.open(url);
      await client.write(connect, text(`{"type":"request","ref":1,"event":"echo","data":"${data}"}`));
      const { texts } = await client.until(({ texts }) => texts.length > 1);
      expect((JSON.parse(texts[1]!) as { data: string }).data).toBe(JSON.parse(`"${data}"`));
      client.leave();
    },
  })),
  fine("W19", "bytes where JSON is spoken are a mistake, and answered as one", frame(2, '{"type":"ping"}')),
  ends("W20", "a close of one byte", frame(8, bytes(3)), 1002),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code) =>
    ends("W21", `a close code of ${code}`, closing(code), 1002),
  ),
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999].map((code) =>
    ends("W22", `a close code of ${code}`, closing(code), code),
  ),
  ends("W23", "a close reason of 124 bytes", closing(1000, "x".repeat(124)), 1002),
  ends("W23", "a close reason that is not UTF-8", closing(1000, bytes(0xff)), 1007),
  ends("W24", "what comes after a close is not read; it", Buffer.concat([closing(1001), ping, closing(4000)]), 1001),
  {
    id: "W25",
    what: "a client that closes and does not end its side is cut off",
    async run({ url }) {
      const client = await RawSocket.open(url);
      client.socket.allowHalfOpen = true;
      const cut = once(client.socket, "close");
      await client.write(connect, closing(1000));
      await client.until(({ code }) => code === 1000);
      const since = performance.now();
      client.socket.resume();
      await Promise.race([cut, client.ended()]);
      expect(performance.now() - since).toBeLessThan(3_000);
    },
  },
  ends("W26", "a flood of pings", () => Buffer.concat(Array.from({ length: 10_000 }, () => frame(9))), 1008),
  ends("W26", "a flood of pongs", () => Buffer.concat(Array.from({ length: 10_000 }, () => frame(10))), 1008),
  {
    id: "W26",
    what: "20 control frames in a second are not too many, 21 are",
    async run({ url, clock }) {
      const client = await RawSocket.open(url);
      await client.write(connect);
      for (let second = 1; second <= 3; second += 1) {
        await client.write(...Array.from({ length: 20 }, () => frame(9, "a")));
        await client.until(({ pongs }) => pongs === 20 * second);
        clock.advance(1_000);
      }
      expect(client.written).toMatchObject({ pongs: 60, code: 1006 });
      await client.write(...Array.from({ length: 21 }, () => frame(9, "a")));
      expect((await client.until(({ code }) => code !== 1006)).code).toBe(1008);
      client.leave();
    },
  },
  {
    id: "W27",
    what: "pings of a client that reads nothing are not answered without end",
    async run({ url, server }) {
      const client = await RawSocket.open(url);
      await client.write(connect);
      await client.until(({ texts }) => texts.length > 0);
      client.socket.pause();
      const storm = Buffer.concat(Array.from({ length: 1_000 }, () => frame(9, Buffer.alloc(125))));
      for (let n = 0; n < 20; n += 1) client.socket.write(storm);
      while (server.stats().connections > 1) await turn();
      expect(server.stats().waitingBytes).toBe(0);
      client.leave();
    },
  },
  fine("W28", "a message of exactly the limit is read", text(padded(maxMessageBytes))),
  ends("W28", "a message of one byte more", text(padded(maxMessageBytes + 1)), 1009),
  fine("W30", "a mask of zeros is a mask", Buffer.alloc(0)),
  ...[1, 5, 20, connect.length + 1].map((length) => ({
    id: "W32",
    what: `a reset after ${length} bytes leaves nothing behind`,
    run: async ({ url }: Target) => {
      const client = await RawSocket.open(url);
      await client.write(Buffer.concat([connect, closing(1000)]).subarray(0, length));
      await turn();
      client.socket.resetAndDestroy();
    },
  })),
  {
    id: "W33",
    what: "a client that just ends its side is gone with 1006",
    async run({ url, server }) {
      const codes: number[] = [];
      const stop = server.on("disconnect", ({ code }) => void codes.push(code));
      const client = await RawSocket.open(url);
      await client.write(connect);
      await client.until(({ texts }) => texts.length > 0);
      client.socket.end();
      await client.ended();
      while (codes.length === 0) await turn();
      stop();
      expect(codes).toEqual([1006]);
    },
  },
  ends("W35", "an HTTP request on an open WebSocket", Buffer.from("GET /carillon HTTP/1.1\r\nHost: x\r\n\r\n"), 1002),
  {
    id: "W36",
    what: "noise of any kind ends with a code that is one",
    async run(target) {
      for (let seed = 1; seed <= 200; seed += 1) {
        const code = await endOf(target, noise(seed * 7_919, 4_096));
        expect([1002, 1006, 1007, 1009], `seed ${seed}`).toContain(code);
      }
    },
  },
  {
    id: "W37",
    what: "a script with any of its bits wrong ends with a code that is one",
    async run(target) {
      for (let bit = 0; bit < script.length * 8; bit += 1) {
        const wrong = Buffer.from(script);
        wrong[bit >> 3]! ^= 1 << (bit & 7);
        expect(isEnd(await endOf(target, wrong)), `bit ${bit}`).toBe(true);
      }
    },
  },
  {
    id: "W38",
    what: "a script that ends anywhere is cleaned up",
    async run(target) {
      for (let length = 0; length < script.length; length += 1) {
        expect(await endOf(target, script.subarray(0, length)), `${length} bytes`).toBe(1006);
      }
      expect(await endOf(target, script)).toBe(1000);
    },
  },
  {
    id: "W40",
    what: "a handshake of the drafts is refused",
    async run({ url }) {
      const socket = await dial(url);
      const draft = ["Host: x", "Connection: Upgrade", "Upgrade: WebSocket"];
      socket.write(headOf("GET /carillon HTTP/1.1", [...draft, "Sec-WebSocket-Key1: 1 2", "Sec-WebSocket-Key2: 3 4"]));
      socket.write(Buffer.alloc(8));
      expect(await readUntil(socket)).toMatch(/^HTTP\/1\.1 4(?:00|26) [^]*Connection: close/);
    },
  },
];

describe("WebSocket frames", () => {
  hostile({ group: "W" }, [
    ...rows,
    {
      id: "W31",
      what: "a server's frames have no mask",
      async run({ url }) {
        const client = await RawSocket.open(url);
        const first = once(client.socket, "data");
        await client.write(connect);
        expect(((await first) as [Buffer])[0][1]! & 0x80).toBe(0);
        client.leave();
      },
    },
  ]);
});
