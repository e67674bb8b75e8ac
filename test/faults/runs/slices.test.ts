import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { createServer } from "../../../src/index.ts";
import { MessageReader, opcodes, writeFrame } from "../proxy/frames.ts";
import { TcpProxy } from "../proxy/tcp.ts";
import { history, seed } from "../workload.ts";
import { expectNothingWrong, run } from "./run.ts";

describe("F14 bytes that come in pieces", () => {
  test("every byte by itself, a millisecond apart: everything arrives as it would whole", async ({ annotate }) => {
    let proxy: TcpProxy | undefined;
    const through = async (port: number): Promise<number> => {
      proxy = await TcpProxy.start({ port, seed });
      proxy.add({ kind: "slice", bytes: 1, pauseMs: 1 });
      return proxy.port;
    };
    const size = { publishes: 30, perSecond: 6, subscribers: 5, publishers: 5, channels: 1, listensTo: 1 };
    try {
      const outcome = await run({ name: "F14", size, through, catchUpMs: 30_000 }, async () => undefined, annotate);
      expectNothingWrong(outcome);
      // No connection was given up meanwhile.
      expect(proxy!.log.find({ what: "reset" })).toEqual([]);
    } finally {
      await proxy?.close();
    }
  }, 90_000);

  test("three messages split at every single point: the same answers as to those that come whole", async ({
    annotate,
  }) => {
    const server = createServer({ channels: { room: { publish: "anyone", history } } });
    try {
      const { port } = await server.listen({ host: "127.0.0.1" });
      const whole = await converse(port, [script]);
      expect(whole).toEqual(["connected", "subscribed", "publication", "published"]);
      await annotate(`F14: ${script.length - 1} split points`);
      for (let at = 1; at < script.length; at += 1) {
        const split = await converse(port, [script.subarray(0, at), script.subarray(at)]);
        expect(split, `split after ${at} bytes`).toEqual(whole);
      }
      expect(server.stats().failures).toBe(0);
    } finally {
      await server.close({ timeoutMs: 100 });
    }
  }, 60_000);
});

const mask = Buffer.from([1, 2, 3, 4]);
const script = Buffer.concat(
  [
    { type: "connect" },
    { type: "subscribe", ref: 1, channel: "room" },
    { type: "publish", ref: 2, channel: "room", event: "tick", data: { text: "ünïcödé" } },
  ].map((message) => writeFrame(opcodes.text, Buffer.from(JSON.stringify(message)), mask)),
);

/** The types of the messages that the server says to what is written, one write after the other. */
async function converse(port: number, writes: readonly Buffer[]): Promise<readonly string[]> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const head = [
    "GET /carillon HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol: carillon.v1.json",
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  const chunks = socket.iterator() as NodeJS.AsyncIterator<Buffer, undefined>;
  const { value: first } = await chunks.next();
  expect(first?.toString()).toContain("101 Switching Protocols");
  const reader = new MessageReader();
  const types: string[] = [];
  for (const [at, bytes] of writes.entries()) {
    // A read of its own for each.
    if (at > 0) await delay(1);
    socket.write(bytes);
  }
  while (types.length < 4) {
    const { value: chunk = Buffer.alloc(0), done } = await chunks.next();
    if (done) throw new Error(`ended after ${types.join()}`);
    for (const { opcode, payload } of reader.push(chunk)) {
      expect(opcode).toBe(opcodes.text);
      const value: unknown = JSON.parse(payload.toString());
      for (const { type } of [value].flat() as readonly { readonly type: string }[]) types.push(type);
    }
  }
  socket.destroy();
  return types;
}
