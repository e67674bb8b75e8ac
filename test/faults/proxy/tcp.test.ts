import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { TcpProxy } from "./tcp.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server, a proxy before it, and a client that has come through. */
async function link({ seed = 1 } = {}): Promise<{
  readonly proxy: TcpProxy;
  readonly open: () => Promise<{ readonly client: Socket; readonly server: Socket }>;
  readonly accepted: readonly Socket[];
}> {
  const accepted: Socket[] = [];
  const listener = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    accepted.push(socket);
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const proxy = await TcpProxy.start({ port: (listener.address() as AddressInfo).port, seed });
  closers.push(() => {
    for (const socket of accepted) socket.destroy();
    listener.close();
  });
  closers.push(() => proxy.close());
  return {
    proxy,
    accepted,
    async open() {
      const client = dial(proxy);
      const [server] = (await once(listener, "connection")) as [Socket];
      return { client, server };
    },
  };
}

function dial(proxy: TcpProxy): Socket {
  const client = connect({ port: proxy.port, host: "127.0.0.1", allowHalfOpen: true });
  client.on("error", () => undefined);
  closers.push(() => client.destroy());
  return client;
}

/** The next bytes, all of them at once. */
async function bytes(socket: Socket, count: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length < count) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    chunks.push(chunk);
    length += chunk.length;
  }
  return Buffer.concat(chunks);
}

/** How many reads it took, and what came. */
async function all(socket: Socket): Promise<{ readonly reads: number; readonly text: string }> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(socket, "end");
  return { reads: chunks.length, text: Buffer.concat(chunks).toString() };
}

async function errorOf(socket: Socket): Promise<string | undefined> {
  const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
  return error.code;
}

describe("a TCP proxy without rules", () => {
  test("carries bytes and ends both ways, each by itself", async () => {
    const { open, proxy } = await link();
    const { client, server } = await open();
    client.end("to the server");
    expect((await all(server)).text).toBe("to the server");
    server.end("and back");
    expect((await all(client)).text).toBe("and back");
    await expect.poll(() => proxy.links).toBe(0);
    expect(proxy.log.find({ what: "ended", link: 1 })).toMatchObject([{ detail: "13 up, 8 down" }]);
  });

  test("carries more than the sockets hold, and waits for the slower side", async () => {
    const { open } = await link();
    const { client, server } = await open();
    const much = Buffer.alloc(8 * 1024 * 1024, "much");
    client.end(much);
    expect((await all(server)).text.length).toBe(much.length);
  });

  test("passes an RST on", async () => {
    const { open } = await link();
    const { client, server } = await open();
    client.resetAndDestroy();
    expect(await errorOf(server)).toBe("ECONNRESET");
  });
});

describe("TCP rules", () => {
  test("latency: later by so much, in order", async () => {
    const { open, proxy } = await link();
    const { client, server } = await open();
    proxy.add({ kind: "latency", ms: 60, jitterMs: 30, direction: "up" });
    const begin = performance.now();
    client.write("a");
    client.write("b");
    client.end("c");
    expect((await all(server)).text).toBe("abc");
    const up = performance.now() - begin;
    expect(up).toBeGreaterThanOrEqual(59);
    server.write("back");
    await bytes(client, 4);
    expect(performance.now() - begin - up).toBeLessThan(59);
  });

  test("bandwidth: no more than so many bytes in a second", async () => {
    const { open, proxy } = await link();
    const { client, server } = await open();
    proxy.add({ kind: "bandwidth", bytesPerSecond: 10_000, direction: "down" });
    const begin = performance.now();
    server.end("x".repeat(2_000));
    expect((await all(client)).text.length).toBe(2_000);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(150);
  });

  test("slice: every byte by itself", async () => {
    const { open, proxy } = await link();
    const { client, server } = await open();
    proxy.add({ kind: "slice", bytes: 1, pauseMs: 2 });
    client.end("byte by byte");
    const { reads, text } = await all(server);
    expect(text).toBe("byte by byte");
    expect(reads).toBeGreaterThan(6);
  });

  test("timeout: nothing passes, and then the link is closed", async () => {
    const { open, proxy } = await link();
    const { client, server } = await open();
    let heard = 0;
    server.on("data", () => (heard += 1));
    const begin = performance.now();
    proxy.add({ kind: "timeout", ms: 50 });
    client.write("lost");
    await once(client.resume(), "end");
    expect(performance.now() - begin).toBeGreaterThanOrEqual(49);
    expect(heard).toBe(0);
  });

  test("down refuses new links and ends the others; up takes them again on the same port", async () => {
    const { open, proxy } = await link();
    const { client } = await open();
    const { port } = proxy;
    const ended = errorOf(client);
    await proxy.down();
    expect(await ended).toBe("ECONNRESET");
    expect(await errorOf(dial(proxy))).toBe("ECONNREFUSED");
    await proxy.up();
    expect(proxy.port).toBe(port);
    await open();
  });

  test("slow-close: the end comes later than the bytes before it", async () => {
    const { open, proxy } = await link();
    const { client, server } = await open();
    proxy.add({ kind: "slow-close", ms: 50 });
    const begin = performance.now();
    client.end("last words");
    await bytes(server, 10);
    const heard = performance.now() - begin;
    await once(server, "end");
    expect(heard).toBeLessThan(49);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(49);
  });

  test("reset-peer: an RST on both sides; reset() does it at once", async () => {
    const { open, proxy } = await link();
    const first = await open();
    const remove = proxy.add({ kind: "reset-peer", ms: 20 });
    expect(await Promise.all([errorOf(first.client), errorOf(first.server)])).toEqual(["ECONNRESET", "ECONNRESET"]);
    remove();
    const second = await open();
    proxy.reset();
    expect(await Promise.all([errorOf(second.client), errorOf(second.server)])).toEqual(["ECONNRESET", "ECONNRESET"]);
    expect(proxy.log.find({ what: "reset-peer" }).length).toBe(1);
    expect(proxy.log.find({ what: "reset" }).length).toBe(1);
  });

  test("limit-data: so many bytes arrive, not one more, and the link is closed", async () => {
    const { open, proxy } = await link();
    proxy.add({ kind: "limit-data", bytes: 5, direction: "down" });
    const { client, server } = await open();
    server.write("abc");
    await bytes(client, 3);
    server.write("defghi");
    expect((await all(client)).text).toBe("de");
  });

  test("half-close: a FIN one way, while the other way goes on", async () => {
    const { open, proxy } = await link();
    const { client, server } = await open();
    proxy.add({ kind: "half-close", direction: "up" });
    await once(server.resume(), "end");
    server.write("still here");
    expect((await bytes(client, 10)).toString()).toBe("still here");
    client.write("lost");
    server.write("again");
    expect((await bytes(client, 5)).toString()).toBe("again");
    expect(server.bytesRead).toBe(0);
  });

  test("pause-read: the sender's window closes, and opens again", async () => {
    const { open, proxy } = await link();
    const { client, server } = await open();
    const remove = proxy.add({ kind: "pause-read", direction: "down" });
    const much = Buffer.alloc(32 * 1024 * 1024);
    let written = false;
    server.end(much, () => (written = true));
    client.write("up goes on");
    await bytes(server, 10);
    expect(client.bytesRead).toBe(0);
    expect(server.writableLength).toBeGreaterThan(0);
    expect(written).toBe(false);
    remove();
    expect((await all(client)).text.length).toBe(much.length);
  });

  test("corrupt: one byte of the stream is another, whichever read it comes in", async () => {
    const { open, proxy } = await link();
    proxy.add({ kind: "corrupt", byte: 4, direction: "up" });
    const { client, server } = await open();
    client.write("abc");
    const first = await bytes(server, 3);
    client.write("def");
    const second = await bytes(server, 3);
    expect([...first, ...second]).toEqual([97, 98, 99, 100, 101 ^ 0xff, 102]);
  });

  test("accept-and-hang: taken, and never connected", async () => {
    const { proxy, accepted } = await link();
    proxy.add({ kind: "accept-and-hang" });
    const client = dial(proxy);
    await once(client, "connect");
    client.write("hello?");
    await expect.poll(() => proxy.log.find({ what: "accept-and-hang" }).length).toBe(1);
    expect(accepted.length).toBe(0);
  });

  test("blackhole: nothing passes, not even an end; afterwards the link is reset", async () => {
    const { open, proxy } = await link();
    const { client, server } = await open();
    let heard = 0;
    for (const event of ["data", "end", "close"]) server.on(event, () => (heard += 1));
    const remove = proxy.add({ kind: "blackhole" });
    client.write("lost");
    client.resetAndDestroy();
    await once(client, "close");
    // Another link's bytes through the same proxy come later than what this one could have told.
    const rest = await open();
    expect(heard).toBe(0);
    const reset = errorOf(server);
    remove();
    expect(await reset).toBe("ECONNRESET");
    rest.client.write("fresh");
    expect((await bytes(rest.server, 5)).toString()).toBe("fresh");
  });

  test("a share of the links is drawn from the seed, the same each time", async () => {
    const hit = async (seed: number): Promise<readonly boolean[]> => {
      const { open, proxy } = await link({ seed });
      proxy.add({ kind: "corrupt", byte: 0, direction: "up", share: 0.5 });
      const hits: boolean[] = [];
      for (let at = 0; at < 12; at += 1) {
        const { client, server } = await open();
        client.write("a");
        hits.push((await bytes(server, 1))[0] !== 97);
      }
      return hits;
    };
    const first = await hit(7);
    expect(first).toEqual(await hit(7));
    expect(first).not.toEqual(await hit(8));
    expect(new Set(first).size).toBe(2);
  });

  test("rules are logged when they come and go", async () => {
    const { proxy } = await link();
    proxy.add({ kind: "latency", ms: 1 })();
    expect(proxy.log.find({ what: "rule" }).map(({ detail }) => detail)).toEqual([
      '+ {"kind":"latency","ms":1}',
      '- {"kind":"latency","ms":1}',
    ]);
  });
});
