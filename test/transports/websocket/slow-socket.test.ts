import type { IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { expect, test } from "vitest";
import type { WebSocketSettings } from "../../../src/dialects/dialect.ts";
import type { Wire } from "../../../src/engine/ports/wire.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { OutboundBudget } from "../../../src/transports/outbound-budget.ts";
import { NodeWebSockets } from "../../../src/transports/websocket/node.ts";
import { turn } from "../http/serve.ts";

/** A socket that takes one write at a time, when the test says so. */
class SlowSocket extends Duplex {
  readonly #untaken: (() => void)[] = [];

  constructor() {
    super({ writableHighWaterMark: 1 });
  }

  override _read(): void {
    // Its peer says nothing.
  }

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    this.#untaken.push(done);
  }

  async takeOne(): Promise<void> {
    this.#untaken.shift()?.();
    await turn();
  }
}

interface Slow {
  readonly socket: SlowSocket;
  readonly clock: ManualClock;
  readonly wire: Wire;
  /** How the wire ended, once it has. */
  readonly ended: number[];
  send(): Promise<void>;
}

async function open(settings: Partial<WebSocketSettings>): Promise<Slow> {
  const limits = { maxMessageBytes: 100, pingMs: 0, pongMs: 0, maxBufferedBytes: 100_000, compressFromBytes: 0 };
  const clock = new ManualClock();
  const webSockets = new NodeWebSockets({
    settings: { ...limits, ...settings },
    clock,
    budget: new OutboundBudget(1_000_000),
    rate: { perSecond: 100, burst: 100 },
  });
  const socket = new SlowSocket();
  const headers = {
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  const ended: number[] = [];
  const wire = await new Promise<Wire>((resolve) => {
    const request = { method: "GET", url: "/", headers } as unknown as IncomingMessage;
    webSockets.accept({ request, socket, head: Buffer.alloc(0), subprotocol: undefined }, (opened) => {
      resolve(opened);
      return { receive: () => undefined, closed: (code) => void ended.push(code) };
    });
  });
  // The answer to the handshake.
  await socket.takeOne();
  const send = async (): Promise<void> => {
    wire.send(["message"]);
    await turn();
  };
  return { socket, clock, wire, ended, send };
}

test("RTC-13: a client that is always a little behind stays, however much it has been sent", async () => {
  const { socket, wire, send } = await open({ maxBufferedMessages: 4 });
  for (let count = 0; count < 4; count += 1) await send();
  for (let count = 0; count < 50; count += 1) {
    await socket.takeOne();
    await send();
  }
  expect(wire.wasSlow).toBe(false);
  await send();
  expect(wire.wasSlow).toBe(true);
  socket.destroy();
});

test("a client that takes something in time is not cut off, even if something waits all the time", async () => {
  const { socket, clock, ended, send } = await open({ writeTimeoutMs: 10_000 });
  for (let count = 0; count < 3; count += 1) await send();
  for (let count = 0; count < 20; count += 1) {
    clock.advance(5_000);
    await socket.takeOne();
    await send();
  }
  expect(ended).toEqual([]);
  // Of the last interval it took something at the beginning, of the next one nothing.
  clock.advance(19_999);
  await turn();
  expect(ended).toEqual([]);
  clock.advance(1);
  await turn();
  expect(ended).toEqual([1006]);
});
