import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { WebSocketSettings } from "../../../src/dialects/dialect.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { Echo, type Echoing } from "../http/echo.ts";
import { serve, turn, until } from "../http/serve.ts";

interface Client {
  readonly socket: WebSocket;
  readonly session: Echoing;
  readonly clock: ManualClock;
}

async function connect(settings: Partial<WebSocketSettings>, options = {}): Promise<Client> {
  const clock = new ManualClock();
  const { echo, url } = await serve(new Echo({}, { maxBufferedBytes: 100_000_000, ...settings }), { clock });
  const socket = new WebSocket(url.replace("http", "ws"), options);
  await once(socket, "open");
  return { socket, session: echo.last, clock };
}

async function closeOf(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, "close")) as [number];
  return code;
}

/** Sends large messages to a client that reads none, until one of them waits. */
async function block({ socket, session }: Client): Promise<void> {
  socket.pause();
  while (session.wire.bufferedBytes === 0) await sendLarge(session);
}

async function sendLarge({ wire }: Echoing): Promise<void> {
  wire.send(["x".repeat(500_000)]);
  await turn();
  await turn();
}

describe("a peer that does not answer pings", () => {
  test("RTC-15: gets an empty close where the dialect says so, after pings at 30 s and at 60 s", async () => {
    const client = await connect({ pingMs: 30_000, pongMs: 30_000, silent: {} }, { autoPong: false });
    const { socket, clock } = client;
    let pings = 0;
    socket.on("ping", () => (pings += 1));
    clock.advance(29_999);
    await turn();
    expect(pings).toBe(0);
    clock.advance(1);
    await until(() => pings === 1);
    clock.advance(29_999);
    const closed = closeOf(socket);
    clock.advance(1);
    expect(await closed).toBe(1005);
    expect(pings).toBe(2);
  });

  test("is cut off without a close frame otherwise", async () => {
    const { socket, clock } = await connect({ pingMs: 30_000, pongMs: 30_000 }, { autoPong: false });
    const closed = closeOf(socket);
    clock.advance(60_000);
    expect(await closed).toBe(1006);
  });

  test("G-11: is pinged at every interval, also when it may stay silent for longer", async () => {
    const settings = { pingMs: 10_000, pongMs: 25_000, silent: {}, needsPongs: true };
    const { socket, session, clock } = await connect(settings, { autoPong: false });
    let pings = 0;
    socket.on("ping", () => (pings += 1));
    const advance = async (ms: number, expected: number): Promise<void> => {
      clock.advance(ms);
      await until(() => pings === expected);
    };
    await advance(10_000, 1);
    await advance(10_000, 2);
    // Answers once: the patience begins anew with the next ping.
    socket.pong();
    socket.send("behind the pong");
    await until(() => session.received.length === 1);
    await advance(10_000, 3);
    await advance(10_000, 4);
    await advance(10_000, 5);
    clock.advance(4_999);
    await turn();
    expect(socket.readyState).toBe(WebSocket.OPEN);
    const closed = closeOf(socket);
    clock.advance(1);
    expect(await closed).toBe(1005);
    expect(pings).toBe(5);
  });

  test.each([
    [true, 1005],
    [false, undefined],
  ])("messages keep it alive unless pongs are needed: %s", async (needsPongs, expected) => {
    const settings = { pingMs: 30_000, pongMs: 30_000, silent: {}, needsPongs };
    const { socket, session, clock } = await connect(settings, { autoPong: false });
    let code: number | undefined;
    socket.on("close", (closed) => (code = closed));
    clock.advance(30_000);
    await once(socket, "ping");
    socket.send("I am here");
    await until(() => session.received.length === 1);
    clock.advance(30_000);
    await (expected === undefined ? once(socket, "ping") : once(socket, "close"));
    expect(code).toBe(expected);
    socket.terminate();
  });

  test("one that answers stays", async () => {
    const { socket, clock } = await connect({ pingMs: 30_000, pongMs: 30_000, silent: {}, needsPongs: true });
    for (let count = 0; count < 5; count += 1) {
      const pinged = once(socket, "ping");
      clock.advance(30_000);
      await pinged;
      // The pong has arrived when what is sent behind it has come back.
      socket.send("x");
      await once(socket, "message");
    }
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.terminate();
  });
});

describe("a client that reads too slowly", () => {
  test("may leave as many messages waiting as the dialect says, and no more", async () => {
    const client = await connect({ maxBufferedMessages: 3, slow: { code: 1013, reason: "too slow" } });
    const { socket, session } = client;
    await block(client);
    for (let waiting = 2; waiting <= 3; waiting += 1) await sendLarge(session);
    expect(session.wire.bufferedBytes).toBeGreaterThan(1_000_000);
    socket.resume();
    await until(() => session.wire.bufferedBytes === 0);
    await block(client);
    for (let waiting = 2; waiting <= 4; waiting += 1) await sendLarge(session);
    const closed = closeOf(socket);
    socket.resume();
    expect(await closed).toBe(1013);
  });

  test.each([
    [{}, 1005],
    [undefined, 4508],
  ])("is closed in the words of the dialect: %j", async (slow, code) => {
    const client = await connect({ maxBufferedMessages: 1, ...(slow && { slow }) });
    await block(client);
    await sendLarge(client.session);
    const closed = closeOf(client.socket);
    client.socket.resume();
    expect(await closed).toBe(code);
    expect(client.session.wire.wasSlow).toBe(true);
  });

  test("is cut off when it takes nothing for the write timeout, and not before", async () => {
    const client = await connect({ writeTimeoutMs: 10_000 });
    const { session, clock } = client;
    await block(client);
    let isClosed = false;
    void session.closed.then(() => (isClosed = true));
    clock.advance(9_999);
    await turn();
    expect(isClosed).toBe(false);
    clock.advance(1);
    expect((await session.closed).code).toBe(1006);
    client.socket.terminate();
  });

  test("one that catches up in time has all its time again", async () => {
    const client = await connect({ writeTimeoutMs: 10_000 });
    const { socket, session, clock } = client;
    await block(client);
    clock.advance(9_999);
    socket.resume();
    await until(() => session.wire.bufferedBytes === 0);
    await block(client);
    clock.advance(9_999);
    await turn();
    socket.resume();
    await until(() => session.wire.bufferedBytes === 0);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.terminate();
  });
});

test.each<[string, boolean, (client: Client) => void]>([
  ["the client closes it", false, ({ socket }) => socket.close()],
  ["the client breaks off", false, ({ socket }) => socket.terminate()],
  ["this side closes it", true, ({ session }) => session.wire.close(1000)],
  ["this side cuts it off", true, ({ session }) => session.wire.destroy()],
])("a wire knows who has ended it: %s", async (_, isEnded, end) => {
  const client = await connect({ pingMs: 0 });
  expect(client.session.wire.isEnded).toBe(false);
  end(client);
  await client.session.closed;
  expect(client.session.wire.isEnded).toBe(isEnded);
  client.session.wire.close();
  expect(client.session.wire.isEnded).toBe(true);
});

test("an unpaced dialect reads as fast as its clients send", async () => {
  const clock = new ManualClock();
  const messageRate = { perSecond: 1, burst: 1 };
  const { echo, url } = await serve(new Echo({}, { isUnpaced: true }), { clock, messageRate });
  const socket = new WebSocket(url.replace("http", "ws"));
  await once(socket, "open");
  for (let count = 0; count < 200; count += 1) socket.send(String(count));
  await until(() => echo.last.received.length === 200);
  expect(echo.last.received).toEqual(Array.from({ length: 200 }, (_, count) => String(count)));
  socket.terminate();
});
