import { constants, deflateRawSync } from "node:zlib";
import { describe, expect } from "vitest";
import { ask, LinkClient } from "../transports/http/link-client.ts";
import { closing, connect, frame, ping, RawSocket, text } from "./frames.ts";
import { hostile, type Row } from "./rows.ts";
import type { Target } from "./target.ts";

const rsv1 = 0x40;
const tail = Buffer.from([0, 0, 0xff, 0xff]);

/** As RFC 7692, section 7.2.1, wants it. */
function deflated(payload: Uint8Array | string, dictionary?: Buffer): Buffer {
  const options = { finishFlush: constants.Z_SYNC_FLUSH, ...(dictionary && { dictionary }) };
  return deflateRawSync(Buffer.from(payload), options).subarray(0, -tail.length);
}

async function open({ url }: Target): Promise<RawSocket> {
  const client = await RawSocket.open(new URL("/deflate", url).href, {
    "Sec-WebSocket-Extensions": "permessage-deflate",
  });
  expect(client.extensions).toContain("permessage-deflate");
  return client;
}

function ends(id: string, what: string, wire: () => Uint8Array, ...codes: readonly number[]): Row {
  return {
    id,
    what: `${what} is closed with ${codes.join(" or ")}`,
    async run(target) {
      const client = await open(target);
      await client.write(wire());
      expect(codes).toContain((await client.ended()).code);
    },
  };
}

/** As much of nothing as fits into one message: a thousand times what it is on the wire. */
const bomb = (): Buffer => deflated(Buffer.alloc(64 * 1_000_000));

const echo = (data: unknown): string => JSON.stringify({ type: "request", ref: 1, event: "echo", data });

const rows: readonly Row[] = [
  ends("Z01", "64 KB that are 64 MB", () => Buffer.concat([connect, text(bomb(), { rsv: rsv1 })]), 1009),
  ends("Z02", "the same in place of the first message", () => text(bomb(), { rsv: rsv1 }), 1009),
  ends(
    "Z03",
    "the same in 1,000 fragments",
    () => {
      const all = bomb();
      const size = Math.ceil(all.length / 1_000);
      const parts = Array.from({ length: 1_000 }, (_, n) => all.subarray(n * size, (n + 1) * size));
      return Buffer.concat(
        parts.map((part, n) => frame(n === 0 ? 1 : 0, part, { rsv: n === 0 ? rsv1 : 0, fin: n === 999 })),
      );
    },
    1009,
  ),
  ends("Z04", "what is no compressed data", () => text(Buffer.alloc(100, 0xff), { rsv: rsv1 }), 1007),
  ends("Z04", "half a block", () => text(deflated(echo("x".repeat(500))).subarray(0, 20), { rsv: rsv1 }), 1007, 4400),
  ends(
    "Z05",
    "a compressed continuation",
    () => Buffer.concat([text("a", { fin: false }), frame(0, "b", { rsv: rsv1 })]),
    1002,
  ),
  ends("Z05", "a compressed ping", () => frame(9, "", { rsv: rsv1 }), 1002),
  ...[
    ["of nothing", Buffer.from([0])],
    ["that keeps its tail", Buffer.concat([deflated('{"type":"ping"}'), tail])],
  ].map(([what, payload]) => ({
    id: "Z06",
    what: `a compressed message ${what as string} is a message`,
    run: async (target: Target) => {
      const client = await open(target);
      await client.write(connect, text(payload as Buffer, { rsv: rsv1 }), closing(1000));
      expect((await client.ended()).code).toBe(1000);
    },
  })),
  ends(
    "Z07",
    "a message that refers to the one before, although nobody keeps it,",
    () => {
      const words = Buffer.from(echo("the very same words"));
      return Buffer.concat([
        text(deflated('{"type":"connect"}'), { rsv: rsv1 }),
        text(deflated(words), { rsv: rsv1 }),
        text(deflated(words, words), { rsv: rsv1 }),
      ]);
    },
    1007,
  ),
  {
    id: "Z08",
    what: "2,000 small compressed messages at once are all answered, in order",
    async run(target) {
      const client = await open(target);
      const messages = Array.from({ length: 1_999 }, (_, n) =>
        text(deflated(JSON.stringify({ type: "request", ref: n + 1, event: "echo" })), { rsv: rsv1 }),
      );
      const answers = countAnswers(target);
      await client.write(connect, ...messages, closing(1000));
      expect((await client.ended()).code).toBe(1000);
      expect(answers()).toBe(1_999);
    },
  },
  ...["gzip", "deflate", "br", "zstd", "identity, gzip"].map((encoding) => ({
    id: "Z10",
    what: `a body in ${encoding} is answered with 415, and not unpacked`,
    run: async ({ url }: Target) => {
      const client = await LinkClient.open(url, '{"type":"connect"}');
      const headers = { "Content-Type": "application/json", "Content-Encoding": encoding };
      const answer = await ask(client.at("send", { seq: 1 }), { method: "POST", body: "x", headers });
      expect(answer.status).toBe(415);
      await client.close();
    },
  })),
  {
    id: "Z06",
    what: "compressed and plain messages may alternate",
    async run(target) {
      const client = await open(target);
      await client.write(connect, text(deflated('{"type":"ping"}'), { rsv: rsv1 }), ping, closing(1000));
      expect((await client.ended()).code).toBe(1000);
    },
  },
];

/** How many requests the server hears from now on. */
function countAnswers({ server }: Target): () => number {
  let count = 0;
  const stop = server.on("echo", () => void (count += 1));
  return () => {
    stop();
    return count;
  };
}

describe("compression", () => {
  hostile({ group: "Z" }, rows);
});
