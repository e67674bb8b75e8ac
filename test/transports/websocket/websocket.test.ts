import { once } from "node:events";
import type { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createServer, native, type NativeOptions, type Server } from "../../../src/index.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { handshake } from "../../server/raw-client.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close({ timeoutMs: 100 });
});

async function serve(options: NativeOptions = {}, clock?: ManualClock): Promise<{ server: Server; url: string }> {
  const server = createServer({ endpoints: { "/carillon": native(options) }, ...(clock && { clock }) });
  servers.push(server);
  const { url } = await server.listen({ host: "127.0.0.1" });
  return { server, url: `${url.replace("http", "ws")}carillon` };
}

async function connected(url: string, options = {}): Promise<WebSocket> {
  const socket = new WebSocket(url, options);
  await once(socket, "open");
  socket.send('{"type":"connect"}');
  await once(socket, "message");
  return socket;
}

async function closeOf(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, "close")) as [number];
  return code;
}

/** A client frame, masked with zeros. */
function frame(opcode: number, payload: Buffer, fin = true): Buffer {
  const length =
    payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | opcode, ...length, 0, 0, 0, 0]), payload]);
}

async function raw(url: string): Promise<Socket> {
  const { socket } = await handshake(url.replace("ws", "http"));
  return socket!;
}

/** The code of the first close frame among what the server writes. */
async function closeFrame(socket: Socket): Promise<number> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    for (let at = 0; at + 2 <= bytes.length;) {
      const length = bytes[at + 1]!;
      if ((bytes[at]! & 15) === 8) return length >= 2 ? bytes.readUInt16BE(at + 2) : 1005;
      at += length < 126 ? 2 + length : 4 + bytes.readUInt16BE(at + 2);
    }
  }
  return 1006;
}

describe("messages", () => {
  test("W28: one of exactly the limit is read, one byte more closes with 1009", async () => {
    const { url } = await serve({ maxMessageBytes: 1_000 });
    const message = (bytes: number): string => {
      const [head, tail] = ['{"type":"ping","pad":"', '"}'];
      return head + "x".repeat(bytes - head.length - tail.length) + tail;
    };
    const socket = await connected(url);
    socket.send(message(1_000));
    const [pong] = (await once(socket, "message")) as [Buffer];
    expect(pong.toString()).toBe('{"type":"pong"}');
    socket.send(message(1_001));
    expect(await closeOf(socket)).toBe(1009);
  });

  test.each([
    ["W01: not masked", Buffer.from([0x81, 0x01, 0x61]), 1002],
    ["W02: a reserved bit", Buffer.from([0xc1, 0x80, 0, 0, 0, 0]), 1002],
    ["W03: opcode 3", frame(3, Buffer.alloc(0)), 1002],
    ["W04: a ping that is too long", frame(9, Buffer.alloc(126)), 1002],
    ["W05: a continuation of nothing", frame(0, Buffer.from("a")), 1002],
    ["W07: 2^53 bytes announced", Buffer.from([0x82, 0xff, 0, 0x20, 0, 0, 0, 0, 0, 0]), 1009],
    ["W09: more than the limit announced", Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 1]), 1009],
    ["W16: text that is not UTF-8", frame(1, Buffer.from([0xc0, 0x80])), 1007],
    ["W20: a close of one byte", frame(8, Buffer.from([3])), 1002],
    ["W21: a close code of 1005", frame(8, Buffer.from([3, 0xed])), 1002],
    ["W23: a reason that is not UTF-8", frame(8, Buffer.from([3, 0xe8, 0xff])), 1007],
  ])("%s", async (_name, bytes, code) => {
    const { url } = await serve();
    const socket = await raw(url);
    socket.write(bytes);
    expect(await closeFrame(socket)).toBe(code);
  });

  test("W11, L5: a message of 4,096 fragments is read, of one more it is refused", async () => {
    const { url } = await serve();
    const connect = frame(1, Buffer.from('{"type":"connect"}'), false);
    const more = frame(0, Buffer.from(" "), false);
    const inFragments = (count: number): Buffer =>
      Buffer.concat([connect, ...Array.from({ length: count - 2 }, () => more), frame(0, Buffer.from(" "))]);
    const socket = await raw(url);
    socket.write(inFragments(4_096));
    const [data] = (await once(socket, "data")) as [Buffer];
    expect(data.toString("latin1")).toContain('"connected"');
    socket.destroy();
    const other = await raw(url);
    other.write(inFragments(4_097));
    expect(await closeFrame(other)).toBe(1008);
  });

  test("W13: a message that comes byte by byte is one message", async () => {
    const { url } = await serve();
    const socket = await raw(url);
    socket.setNoDelay(true);
    for (const byte of frame(1, Buffer.from('{"type":"connect"}'))) socket.write(Buffer.from([byte]));
    const [data] = (await once(socket, "data")) as [Buffer];
    expect(data.toString("latin1")).toContain('"connected"');
    socket.destroy();
  });

  test("what is sent in one turn arrives in order, and a close comes after all of it", async () => {
    const { server, url } = await serve();
    server.on("burst", ({ connection }) => {
      for (let n = 0; n < 1_000; n += 1) connection.send("n", n);
      connection.close(4000, "done");
    });
    const socket = await connected(url);
    const numbers: number[] = [];
    socket.on("message", (data: Buffer) => numbers.push((JSON.parse(data.toString()) as { data: number }).data));
    socket.send('{"type":"send","event":"burst"}');
    expect(await closeOf(socket)).toBe(4000);
    expect(numbers).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
  });
});

describe("closing", () => {
  test("W24: a client that was told to go is not listened to any more", async () => {
    const { server, url } = await serve();
    const heard: unknown[] = [];
    server.on("chat", ({ connection, data }) => {
      heard.push(data);
      connection.close(4000);
    });
    const socket = await connected(url);
    socket.send('{"type":"send","event":"chat","data":1}');
    socket.send('{"type":"send","event":"chat","data":2}');
    expect(await closeOf(socket)).toBe(4000);
    expect(heard).toEqual([1]);
  });
});

describe("liveness", () => {
  test("a peer is pinged every 25 s, and dropped when it is silent for 8 s more", async () => {
    const clock = new ManualClock();
    const { server, url } = await serve({ heartbeatMs: 0 }, clock);
    const socket = await connected(url, { autoPong: false });
    const ended = new Promise<{ code: number }>((resolve) => void server.on("disconnect", resolve));
    let pings = 0;
    socket.on("ping", () => (pings += 1));
    clock.advance(24_999);
    clock.advance(1);
    await once(socket, "ping");
    clock.advance(7_999);
    expect(server.stats().connections).toBe(1);
    clock.advance(1);
    expect((await ended).code).toBe(1006);
    expect(pings).toBe(1);
  });

  test("a peer that answers is pinged again 25 s after the ping before", async () => {
    const clock = new ManualClock();
    const { server, url } = await serve({ heartbeatMs: 0, pingMs: 1_000, pongMs: 400 }, clock);
    const socket = await connected(url);
    for (let round = 0; round < 3; round += 1) {
      clock.advance(1_000 - (round === 0 ? 0 : 400));
      await once(socket, "ping");
      // The pong has been handled when what was sent after it is answered.
      socket.send('{"type":"ping"}');
      await once(socket, "message");
      clock.advance(400);
    }
    expect(server.stats().connections).toBe(1);
    socket.close();
  });

  test("with pingMs 0 nobody is pinged", async () => {
    const clock = new ManualClock();
    const { server, url } = await serve({ heartbeatMs: 0, pingMs: 0 }, clock);
    await connected(url, { autoPong: false });
    clock.advance(1_000_000);
    expect(server.stats().connections).toBe(1);
    expect(clock.timers).toBe(0);
  });

  test("a closed connection leaves no timer", async () => {
    const clock = new ManualClock();
    const { server, url } = await serve({}, clock);
    const socket = await connected(url);
    const ended = new Promise((resolve) => void server.on("disconnect", resolve));
    socket.close(1000);
    await ended;
    expect(clock.timers).toBe(0);
  });
});

describe("back-pressure", () => {
  test("W34: a client that does not read is closed with 4508 once maxBufferedBytes wait for it, and others go on", async () => {
    const { server, url } = await serve({ maxBufferedBytes: 100_000 });
    const ended = new Promise<{ code: number }>((resolve) => void server.on("disconnect", resolve));
    const slow = await connected(url);
    slow.pause();
    const quick = await connected(url);
    let received = 0;
    quick.on("message", () => (received += 1));
    // Far more than the kernel's buffers hold on both sides.
    const floods = 400;
    for (let sent = 0; sent < floods; sent += 1) {
      await server.broadcast("flood", "x".repeat(50_000));
      await once(quick, "message");
    }
    expect((await ended).code).toBe(4508);
    expect(received).toBe(floods);
    slow.terminate();
    quick.close();
  });

  test("L10: of many slow clients the slowest is closed once all together wait for too much", async () => {
    const server = createServer({
      maxBufferedBytes: 3_000_000,
      endpoints: { "/carillon": native({ maxBufferedBytes: 2_000_000 }) },
    });
    servers.push(server);
    const address = `${(await server.listen({ host: "127.0.0.1" })).url.replace("http", "ws")}carillon`;
    const codes: number[] = [];
    const ended = new Promise<void>((resolve) => {
      server.on("disconnect", ({ code }) => {
        codes.push(code);
        resolve();
      });
    });
    const slow = await Promise.all([connected(address), connected(address)]);
    for (const socket of slow) socket.pause();
    const quick = await connected(address);
    // Until neither of the two has room for more in its kernel's buffers, and one of them is told to go.
    while (codes.length === 0 && server.stats().connections === 3) {
      await server.broadcast("flood", "x".repeat(60_000));
      await once(quick, "message");
      if (server.stats().delivered > 3_000) break;
    }
    await ended;
    expect(codes[0]).toBe(4508);
    expect(server.connections.length).toBeGreaterThanOrEqual(1);
    for (const socket of [...slow, quick]) socket.terminate();
  });

  test("a paused wire reads on after it is resumed, and nothing is lost", async () => {
    const gate = Promise.withResolvers<boolean>();
    const server = createServer({ channels: { slow: { authorize: () => gate.promise, publish: "anyone" } } });
    servers.push(server);
    const { url } = await server.listen({ host: "127.0.0.1" });
    const heard: number[] = [];
    await server.channel("slow").subscribe(({ data }) => heard.push(data as number));
    const socket = await connected(`${url.replace("http", "ws")}carillon`);
    for (let n = 0; n < 500; n += 1) socket.send(`{"type":"publish","channel":"slow","event":"n","data":${n}}`);
    socket.send('{"type":"publish","ref":1,"channel":"slow","event":"last","data":500}');
    const answered = once(socket, "message");
    gate.resolve(true);
    await answered;
    expect(heard).toEqual(Array.from({ length: 501 }, (_, n) => n));
    socket.close();
  });
});
