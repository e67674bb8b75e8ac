import { connect as connectTcp } from "node:net";
import { getEventListeners, once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import type { Dialect, WebSocketSettings } from "../../../src/dialects/dialect.ts";
import {
  goWs,
  RateLimitError,
  type GoWsError,
  type GoWsOptions,
  type StatsLogger,
} from "../../../src/dialects/go-ws/index.ts";
import { createServer, memoryBroker, type Broker } from "../../../src/index.ts";
import { ManualClock } from "../../../src/testing/index.ts";
import { byToken, eventually, silent, start, stopAll, type Speaker } from "./support.ts";

afterEach(stopAll);

/** Of a client that answers no ping. */
const quiet = { autoPong: false } as const;

async function pinged(speaker: Speaker, count: number): Promise<void> {
  await speaker.until(() => speaker.pings.length >= count);
}

describe("go-ws: the rate of messages", () => {
  test("GWS-18 as many as the limit are heard, the next is told and dropped, and the next interval works", async () => {
    const clock = new ManualClock();
    const errors: GoWsError[] = [];
    const { connect, hub } = await start(
      { rateLimit: { messages: 5, intervalMs: 1_000 }, errorHandler: (error) => errors.push(error) },
      { clock },
    );
    const ada = await connect();
    ada.say({ action: "subscribe", channel: "c" });
    for (let n = 1; n <= 6; n += 1) ada.say({ action: "broadcast", channel: "c", data: n });
    await ada.hears(6);
    expect(ada.heard.map(({ data, error }) => data ?? error)).toEqual([
      ...[1, 2, 3, 4],
      ...["rate limit exceeded", "rate limit exceeded"],
    ]);
    expect(errors).toEqual([expect.any(RateLimitError)]);
    clock.advance(999);
    ada.say({ action: "broadcast", channel: "c", data: 7 });
    await ada.hears(7);
    expect(errors).toHaveLength(1);
    clock.advance(1);
    ada.say({ action: "broadcast", channel: "c", data: 8 });
    expect((await ada.hears(8)).at(-1)).toMatchObject({ data: 8 });
    expect(hub.stats()).toMatchObject({ messagesReceived: 9, errors: 1 });
  });

  test("GWS-18 it is 100 a minute unless something else is said, and the server's own is not for it", async () => {
    const clock = new ManualClock();
    const { connect } = await start({ rateLimit: {} }, { clock, messageRate: { perSecond: 1, burst: 1 } });
    const ada = await connect();
    for (let n = 0; n < 101; n += 1) ada.raw("[]");
    await ada.hears(101);
    expect(ada.heard.filter(({ error }) => error === "rate limit exceeded")).toHaveLength(1);
  });
});

describe("go-ws: keeping alive", () => {
  test("GWS-35 pings follow their interval, 30 seconds by default", async () => {
    const clock = new ManualClock();
    const { connect } = await start({}, { clock });
    const ada = await connect();
    await ada.settled();
    for (let count = 1; count <= 3; count += 1) {
      clock.advance(29_999);
      await ada.settled();
      expect(ada.pings).toHaveLength(count - 1);
      clock.advance(1);
      await pinged(ada, count);
      await ada.settled();
    }
  });

  test("GWS-35 an interval of its own is followed, and 0 is none", async () => {
    const clock = new ManualClock();
    const { connect } = await start({ pingIntervalMs: 10_000 }, { clock });
    const ada = await connect();
    await ada.settled();
    for (let count = 1; count <= 4; count += 1) {
      clock.advance(10_000);
      await pinged(ada, count);
      await ada.settled();
    }
    const mute = await start({ pingIntervalMs: 0, staleMs: 1_000_000 }, { clock });
    const bob = await mute.connect();
    await bob.settled();
    clock.advance(120_000);
    await bob.settled();
    expect(bob.pings).toEqual([]);
  });

  test("GWS-27 who sends and does not pong is closed at the deadline, a minute after it came", async () => {
    const clock = new ManualClock();
    const { connect } = await start({}, { clock });
    const ada = await connect("", quiet);
    await ada.settled();
    clock.advance(30_000);
    await pinged(ada, 1);
    clock.advance(29_999);
    await ada.settled();
    clock.advance(1);
    expect((await ada.closed).code).toBe(1001);
  });

  test("GWS-27 who says nothing and pongs outlives the stale limit", async () => {
    const clock = new ManualClock();
    const { connect, hub } = await start({}, { clock });
    const ada = await connect();
    await ada.settled();
    const [client] = [...hub.clients.values()];
    for (let count = 1; count <= 12; count += 1) {
      clock.advance(30_000);
      await pinged(ada, count);
      const now = clock.wall();
      await eventually(() => client!.lastSeen === now);
    }
    expect(ada.socket.readyState).toBe(ada.socket.OPEN);
  });

  test("GWS-27 without pings the stale limit ends it, and a message puts that off", async () => {
    const clock = new ManualClock();
    const { connect, hub } = await start({ pingIntervalMs: 0, staleMs: 30_000 }, { clock });
    const ada = await connect();
    await ada.settled();
    clock.advance(29_000);
    await ada.settled();
    clock.advance(29_000);
    await ada.settled();
    expect(hub.clients.size).toBe(1);
    clock.advance(40_000);
    expect((await ada.closed).code).toBe(1001);
    await eventually(() => hub.clients.size === 0);
    // The next look finds nobody, and is the last.
    clock.advance(10_000);
    expect(clock.timers).toBe(0);
  });
});

describe("go-ws: the hub", () => {
  test("GWS-26 the stats rise and fall, and count", async () => {
    const { connect, hub } = await start();
    const [ada, bob] = [await connect(), await connect()];
    for (const one of [ada, bob]) await one.subscribe("c");
    const before = hub.stats();
    expect(before).toMatchObject({ totalConnections: 2, activeConnections: 2, errors: 0 });
    ada.say({ action: "broadcast", channel: "c", data: 1 });
    await ada.hears(1);
    await bob.hears(1);
    expect(hub.stats()).toMatchObject({
      messagesSent: before.messagesSent + 2,
      messagesReceived: before.messagesReceived + 1,
    });
    ada.socket.close();
    await eventually(() => hub.stats().activeConnections === 1);
    expect(hub.stats().totalConnections).toBe(2);
  });

  test("GWS-36 the counters are written once in ten seconds, or not at all", async () => {
    const clock = new ManualClock();
    const lines: unknown[] = [];
    const logger: StatsLogger = { info: (facts, message) => void lines.push([message, facts]) };
    const { hub, server } = await start({ logStats: true, logger: logger }, { clock });
    clock.advance(9_999);
    expect(lines).toEqual([]);
    clock.advance(1);
    expect(lines).toEqual([["go-ws", hub.stats()]]);
    clock.advance(20_000);
    expect(lines).toHaveLength(3);
    await server.close();
    clock.advance(60_000);
    expect(lines).toHaveLength(3);
    await start({ logger: logger }, { clock });
    clock.advance(60_000);
    expect(lines).toHaveLength(3);
  });

  test("GWS-34 an aborted signal closes all with 1001, and run resolves", async () => {
    const abort = new AbortController();
    const { connect, hub, url } = await start({ signal: abort.signal });
    const all = [await connect(), await connect()];
    for (const one of all) await one.settled();
    let isOver = false;
    const run = hub.run().then(() => (isOver = true));
    await all[0]!.settled();
    expect(isOver).toBe(false);
    abort.abort();
    for (const one of all) expect((await one.closed).code).toBe(1001);
    await run;
    expect(hub.clients.size).toBe(0);
    expect(getEventListeners(abort.signal, "abort")).toEqual([]);
    await expect(
      new Promise((resolve, reject) => {
        const late = new WebSocket(url);
        late.addEventListener("open", resolve);
        late.addEventListener("error", () => reject(new Error("refused")));
      }),
    ).rejects.toThrow("refused");
  });

  test("a hub whose server has closed does not listen to its signal", async () => {
    const abort = new AbortController();
    const { hub, server } = await start({ signal: abort.signal });
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(1);
    await server.close();
    await hub.run();
    expect(getEventListeners(abort.signal, "abort")).toEqual([]);
  });

  test("GWS-34 a signal that was aborted before lets nobody in", async () => {
    const { connect, hub } = await start({ signal: AbortSignal.abort() });
    await hub.run();
    await expect(connect()).rejects.toThrow("503");
  });

  test("a hub that is closed when a client comes closes that one, too", async () => {
    const { connect, hub } = await start({ onConnect: () => hub.close() });
    const ada = await connect();
    expect((await ada.closed).code).toBe(1001);
    await hub.run();
  });

  test("close does the same", async () => {
    const { connect, hub } = await start();
    const ada = await connect();
    hub.close();
    expect((await ada.closed).code).toBe(1001);
    await hub.run();
  });

  test("GWS-25 a server that closes gives all clients a close frame, and no storage knows them", async () => {
    const stored = new Set<string>();
    const { connect, hub, server } = await start({
      ...byToken,
      storage: {
        saveClient: ({ clientId }) => Promise.resolve(void stored.add(clientId)),
        removeClient: (id) => Promise.resolve(void stored.delete(id)),
        updateClientLastSeen: () => Promise.resolve(),
        addClientToChannel: (channel, id) => Promise.resolve(void stored.add(`${channel} ${id}`)),
        removeClientFromChannel: (channel, id) => Promise.resolve(void stored.delete(`${channel} ${id}`)),
      },
    });
    const all = [await connect(), await connect()];
    for (const one of all) await one.subscribe("presence-r");
    expect(stored.size).toBe(4);
    await server.close();
    for (const one of all) expect((await one.closed).code).toBe(1001);
    await hub.run();
    await eventually(() => stored.size === 0);
  });

  test("GWS-22 a peer that stops reading is dropped, and the others hear all in order and that it has left", async () => {
    const { connect, hub, port } = await start({ ...byToken, maxBufferedBytes: 500_000 });
    const ada = await connect("?token=ada");
    await ada.subscribe("presence-r");
    const stuck = connectTcp(port, "127.0.0.1");
    await once(stuck, "connect");
    stuck.on("error", () => undefined);
    stuck.write(
      "GET /ws?token=stuck HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    await once(stuck, "data");
    stuck.pause();
    const body = Buffer.from('{"action":"subscribe","channel":"presence-r"}');
    stuck.write(Buffer.concat([Buffer.from([0x81, 0x80 + body.length, 0, 0, 0, 0]), body]));
    await ada.hears(2);
    const isThere = (): boolean => [...hub.clients.values()].some(({ userId }) => userId === "stuck");
    let count = 0;
    for (; count < 500 && isThere(); count += 1) {
      await hub.broadcast({ channelName: "presence-r", data: [count, "x".repeat(50_000)] });
      await ada.settled();
    }
    await eventually(() => !isThere());
    await ada.settled();
    const numbers = ada.heard.flatMap(({ data }) => (Array.isArray(data) ? [data[0] as number] : []));
    expect(numbers).toEqual(Array.from({ length: count }, (_, n) => n));
    expect(ada.heard.filter(({ event }) => event === "presence:leave")).toMatchObject([{ data: { user_id: "stuck" } }]);
    stuck.destroy();
  });

  test("GWS-43 a client's queue is bounded by readBufferSize, and what is fixed is the original's", () => {
    expect(settingsOf({})).toEqual({
      maxMessageBytes: 524_288,
      pingMs: 30_000,
      pongMs: 30_000,
      needsPongs: true,
      silent: { code: 1001, reason: "no pong came" },
      maxBufferedBytes: 8_388_608,
      maxBufferedMessages: 1_024,
      writeTimeoutMs: 10_000,
      compressFromBytes: 0,
      isUnpaced: true,
    });
    // What becomes of n and of n + 1 is the wire's: test/transports/websocket.
    expect(settingsOf({ readBufferSize: 7 }).maxBufferedMessages).toBe(7);
  });

  test("GWS-43 GWS-28 what the server says waits for a slow broker, writeBufferSize at most", async () => {
    const accept: (() => void)[] = [];
    const memory = memoryBroker();
    const broker: Broker = {
      ...memory,
      publish: (publication, keep) =>
        new Promise((resolve) => accept.push(() => resolve(memory.publish(publication, keep)))),
    };
    const { connect, hub } = await start({ writeBufferSize: 2 }, { broker });
    const ada = await connect();
    await ada.subscribe("c");
    const first = [1, 2].map((data) => hub.broadcast({ channelName: "c", data }));
    await expect(hub.broadcast({ channelName: "c", data: 3 })).rejects.toMatchObject({ code: "queue-full" });
    for (const one of accept.splice(0)) one();
    await Promise.all(first);
    const fourth = hub.broadcast({ channelName: "c", data: 4 });
    accept[0]!();
    await fourth;
    await ada.hears(3);
    expect(ada.heard.map(({ data }) => data)).toEqual([1, 2, 4]);
  });

  test("one hub on two paths is one hub", async () => {
    const hub = goWs({ rateLimit: false });
    const { port } = await start({}, { endpoints: { "/a": hub, "/b": hub } });
    const [one, two] = [new WebSocket(`ws://127.0.0.1:${port}/a`), new WebSocket(`ws://127.0.0.1:${port}/b`)];
    await Promise.all([one, two].map((socket) => new Promise((resolve) => socket.addEventListener("open", resolve))));
    await eventually(() => hub.clients.size === 2);
    const heard = new Promise((resolve) => two.addEventListener("message", ({ data }) => resolve(data)));
    for (const socket of [one, two]) socket.send('{"action":"subscribe","channel":"c"}');
    await eventually(() => [...hub.clients.values()].every(({ connection }) => connection.channels.length === 1));
    one.send('{"action":"broadcast","channel":"c","data":1}');
    expect(JSON.parse(String(await heard))).toMatchObject({ data: 1 });
    one.close();
    two.close();
  });

  test("GWS-16 two hubs that publish in the same millisecond, as two nodes may, give their messages different ids", async () => {
    const hubs = [goWs(), goWs()] as const;
    const { connect } = await start({}, { clock: new ManualClock(), endpoints: { "/a": hubs[0], "/b": hubs[1] } });
    const ada = await connect();
    await ada.subscribe("c");
    for (const hub of hubs) void hub.broadcast({ channelName: "c", senderId: "app" });
    const ids = (await ada.hears(2)).map((said) => said["message_id"]);
    expect(ids[0]).not.toBe(ids[1]);
  });

  test("before it is mounted it says what to do, and one server is enough", async () => {
    const hub = goWs();
    await expect(hub.broadcast({ channelName: "c" })).rejects.toMatchObject({
      code: "option-invalid",
      message: expect.stringContaining("mount it first") as unknown,
    });
    createServer({ endpoints: { "/ws": hub }, logger: silent });
    expect(() => createServer({ endpoints: { "/ws": hub }, logger: silent })).toThrow("mounted already");
  });

  test("a message id that is none is refused", async () => {
    const { hub } = await start();
    await expect(hub.broadcast({ channelName: "c", messageId: "a b" })).rejects.toMatchObject({ code: "bad-request" });
    await expect(hub.broadcast({ channelName: "" })).rejects.toMatchObject({ code: "channel-name-invalid" });
  });

  test("what the application's functions throw is reported, and harms nobody", async () => {
    const broken = new Error("broken");
    const fail = (): never => {
      throw broken;
    };
    const { connect, failures, hub } = await start({
      onConnect: fail,
      onDisconnect: () => Promise.reject(broken),
      errorHandler: fail,
    });
    const ada = await connect();
    await ada.subscribe("private-x");
    expect(ada.heard).toMatchObject([{ error: "unauthorized" }]);
    ada.socket.close();
    await eventually(() => hub.clients.size === 0 && failures.length === 3);
    expect(failures).toEqual([broken, broken, broken]);
  });

  test("a client knows its ids, when it came and when it was heard last", async () => {
    const clock = new ManualClock();
    const { connect, hub } = await start({ ...byToken, pingIntervalMs: 0 }, { clock });
    const ada = await connect("?token=ada");
    await ada.settled();
    const [client] = [...hub.clients.values()];
    expect(client).toMatchObject({ id: client!.clientId, userId: "ada", createdAt: clock.wall() });
    clock.advance(5_000);
    await ada.settled();
    expect(client!.lastSeen - client!.createdAt).toBe(5_000);
    expect(client!.connection.dialect).toBe("go-ws");
  });
});

function settingsOf(options: GoWsOptions): WebSocketSettings {
  const hub = goWs(options);
  let settings: WebSocketSettings | undefined;
  const spy: Dialect = {
    ...hub,
    mount(engine) {
      const endpoint = hub.mount(engine);
      settings = endpoint.webSocket;
      return endpoint;
    },
  };
  createServer({ logger: silent, endpoints: { "/ws": spy } });
  return settings!;
}
