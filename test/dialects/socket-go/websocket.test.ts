import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { LiveConnection } from "../../../src/engine/connection.ts";
import type { Wire } from "../../../src/engine/ports/wire.ts";
import type { Server } from "../../../src/index.ts";
import { ManualClock } from "../../../src/testing/index.ts";
import { handshake } from "../../server/raw-client.ts";
import { ask } from "../../transports/http/link-client.ts";
import { turn } from "../../transports/http/serve.ts";
import { echo, serve, until, WebSocketClient } from "./support.ts";

describe("socket.go over WebSockets", () => {
  test.each(["idle", "busy"])(
    "SGO-5 an %s client that answers pings stays for longer than 90 seconds",
    async (kind) => {
      const clock = new ManualClock();
      const { chat, connect } = await serve({}, { clock });
      echo(chat);
      const client = await connect();
      for (let count = 0; count < 5; count += 1) {
        const pinged = once(client.socket, "ping");
        clock.advance(25_000);
        expect(((await pinged) as [Buffer])[0]).toHaveLength(0);
        // What comes back behind the pong proves that the pong has come.
        for (let said = 0; said < (kind === "busy" ? 20 : 1); said += 1) {
          client.say('{"event":"x"}');
          expect(await client.next()).toBe('{"event":"echo"}');
        }
      }
      expect(chat.count()).toBe(1);
    },
  );

  test("SGO-5 a client without pongs is closed when the time for one is over, and disconnect runs once", async () => {
    const clock = new ManualClock();
    const { chat, connect } = await serve({ pingIntervalMs: 100, pingTimeoutMs: 40 }, { clock });
    const { ended } = echo(chat);
    const client = await connect({ autoPong: false });
    const pinged = once(client.socket, "ping");
    clock.advance(100);
    await pinged;
    clock.advance(39);
    client.say('{"event":"x"}');
    await client.next();
    expect(ended).toEqual([]);
    clock.advance(1);
    expect(await client.closed).toBe(1_001);
    await until(() => chat.count() === 0);
    clock.advance(1_000);
    expect(ended).toHaveLength(1);
  });

  test("SGO-5 without a ping interval nobody is pinged", async () => {
    const clock = new ManualClock();
    const { chat, connect } = await serve({ pingIntervalMs: 0 }, { clock });
    echo(chat);
    const client = await connect({ autoPong: false });
    client.socket.on("ping", () => expect.unreachable());
    clock.advance(1_000_000);
    client.say('{"event":"x"}');
    expect(await client.next()).toBe('{"event":"echo"}');
  });

  test.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])("SGO-6 SGO-59 compression %s on the server and %s on the client: they talk", async (ours, theirs) => {
    const { chat, url } = await serve({ compression: ours });
    echo(chat);
    const client = new WebSocketClient(`${url.replace("http", "ws")}/socket`, { perMessageDeflate: theirs });
    const [{ socket: tcp }] = (await once(client.socket, "upgrade")) as [IncomingMessage];
    const isCompressed = ours && theirs;
    expect(client.socket.extensions).toBe(isCompressed ? "permessage-deflate" : "");
    const { bytesRead } = tcp;
    const data = "again and again ".repeat(1_000);
    client.say(JSON.stringify({ event: "x", data }));
    expect(await client.next()).toBe(JSON.stringify({ event: "echo", data }));
    expect(tcp.bytesRead - bytesRead < data.length / 2).toBe(isCompressed);
    client.socket.close();
    const offer = theirs ? { "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits" } : {};
    const { headers, socket: raw } = await handshake(`${url}/socket`, { headers: offer });
    raw?.destroy();
    expect(headers["sec-websocket-extensions"]).toBe(
      isCompressed ? "permessage-deflate; server_no_context_takeover; client_no_context_takeover" : undefined,
    );
  });

  test("the handshake is answered with what it needs and no more", async () => {
    const { url } = await serve();
    const { status, headers, socket } = await handshake(`${url}/socket`);
    socket?.destroy();
    expect(status).toBe(101);
    expect(Object.keys(headers).toSorted()).toEqual(["connection", "sec-websocket-accept", "upgrade"]);
  });

  test("SGO-7 one client more than may be connected is answered with 503, and let in when another has left", async () => {
    const { chat, url, connect, poller } = await serve({ maxConnections: 2 });
    const first = await connect();
    const second = await poller();
    const refused = await handshake(`${url}/socket`);
    expect([refused.status, refused.body]).toEqual([503, "Too many connections\n"]);
    expect(refused.headers["x-content-type-options"]).toBe("nosniff");
    const polled = await ask(`${url}/socket/connect`, { method: "POST" });
    expect([polled.status, polled.body]).toEqual([503, "Too many connections\n"]);
    first.socket.close();
    await first.closed;
    await until(() => chat.count() === 1);
    await connect();
    expect((await handshake(`${url}/socket`)).status).toBe(503);
    await second.disconnect();
    await until(() => chat.count() === 1);
    await poller();
    expect(chat.count()).toBe(2);
  });

  test("SGO-7 without room for anybody everybody is refused", async () => {
    const { url } = await serve({ maxConnections: 0 });
    expect((await handshake(`${url}/socket`)).body).toBe("Too many connections\n");
  });

  test("SGO-11 a client that stops reading is closed when its queue is full, and others see no delay", async () => {
    const { chat, server, connect } = await serve({ bufferSize: 8 });
    const { ended } = echo(chat);
    const slow = await connect();
    const wire = wireOf(server);
    const quick = await connect();
    slow.socket.pause();
    const data = "x".repeat(500_000);
    let sent = 0;
    let slowest = 0;
    for (let waiting = 0; waiting <= 8; sent += 1) {
      const before = performance.now();
      chat.broadcast("large", data);
      await quick.next();
      slowest = Math.max(slowest, performance.now() - before);
      if (wire.bufferedBytes > 0) waiting += 1;
    }
    expect(slowest).toBeLessThan(500);
    slow.socket.resume();
    expect(await slow.closed).toBe(1_000);
    await until(() => chat.count() === 1);
    expect(ended).toHaveLength(1);
    quick.say('{"event":"x"}');
    expect(await quick.next()).toBe('{"event":"echo"}');
    expect(sent).toBeGreaterThan(8);
  });

  test.each([
    [3, "stays"],
    [4, "is closed"],
  ])("SGO-47 with %i messages waiting of 3 a client %s", async (count, outcome) => {
    const { chat, server, connect } = await serve({ bufferSize: 3 });
    const client = await connect();
    const wire = wireOf(server);
    client.socket.pause();
    let sent = 0;
    const send = async (): Promise<void> => {
      chat.broadcast("large", "x".repeat(500_000));
      sent += 1;
      await turn();
      await turn();
    };
    while (wire.bufferedBytes === 0) await send();
    for (let waiting = 1; waiting < count; waiting += 1) await send();
    client.socket.resume();
    if (outcome === "is closed") expect(await client.closed).toBe(1_000);
    else {
      expect(await client.take(sent)).toHaveLength(sent);
      expect(client.socket.readyState).toBe(WebSocket.OPEN);
    }
  });

  test("a client that takes nothing for 10 seconds is cut off, and not before", async () => {
    const clock = new ManualClock();
    const { chat, server, connect } = await serve({ pingIntervalMs: 0 }, { clock });
    const client = await connect();
    const wire = wireOf(server);
    client.socket.pause();
    while (wire.bufferedBytes === 0) {
      chat.broadcast("large", "x".repeat(500_000));
      await turn();
      await turn();
    }
    clock.advance(9_999);
    await turn();
    expect(chat.count()).toBe(1);
    clock.advance(1);
    await until(() => chat.count() === 0);
  });

  test("a message of 1 MiB is heard, and one byte more closes with 1009", async () => {
    const { chat, connect } = await serve();
    const { heard } = echo(chat);
    const frame = (bytes: number): string =>
      JSON.stringify({ event: "x", data: "" }).replace('""', `"${"x".repeat(bytes - 23)}"`);
    const client = await connect();
    expect(frame(1_048_576)).toHaveLength(1_048_576);
    client.say(frame(1_048_576));
    await client.next();
    expect(heard).toHaveLength(1);
    client.say(frame(1_048_577));
    expect(await client.closed).toBe(1_009);
  });

  test("bytes that are JSON are heard as text is", async () => {
    const { chat, connect } = await serve();
    echo(chat);
    const client = await connect();
    client.say(new TextEncoder().encode('{"event":"x","data":"\u00e9é"}'));
    expect(await client.next()).toBe('{"event":"echo","data":"éé"}');
  });

  test.each(["/socket", "/socket/", "/socket/anything/else"])(
    "SGO-12 %s is upgraded in capitals, too",
    async (path) => {
      const { url } = await serve();
      const { status, socket } = await handshake(url + path, { headers: { Upgrade: "WebSocket" } });
      socket?.destroy();
      expect(status).toBe(101);
    },
  );

  test.each([
    ["method", { method: "POST" }, 405, "Method Not Allowed\n"],
    ["version", { headers: { "Sec-WebSocket-Version": "12" } }, 400, "Bad Request\n"],
    ["key", { headers: { "Sec-WebSocket-Key": "abc" } }, 400, "Bad Request\n"],
    ["upgrade", { headers: { Upgrade: "h2c" } }, 404, "Unknown endpoint\n"],
  ])("a handshake with a wrong %s is refused as the original does it", async (_, asked, status, body) => {
    const { url } = await serve();
    const answer = await handshake(`${url}/socket`, asked);
    expect([answer.status, answer.body]).toEqual([status, body]);
  });

  test("SGO-46 under any mount WebSockets and polling work, and all mounts share their clients", async () => {
    const { chat, url, connect, poller } = await serve({}, { paths: ["/socket", "/x/socket"] });
    echo(chat);
    const here = await connect();
    const there = await connect({ path: "/x/socket" });
    const polled = await poller("/x/socket");
    expect(chat.count()).toBe(3);
    chat.broadcast("all", 1);
    expect([await here.next(), await there.next()]).toEqual(['{"event":"all","data":1}', '{"event":"all","data":1}']);
    expect(await polled.messages()).toEqual([{ event: "all", data: 1 }]);
    expect((await polled.send('{"event":"x","data":2}')).status).toBe(200);
    expect(await polled.messages()).toEqual([{ event: "echo", data: 2 }]);
    expect((await polled.disconnect()).status).toBe(200);
    await until(() => chat.count() === 2);
    expect((await ask(`${url}/x/socket`)).body).toBe("Unknown endpoint\n");
  });

  test("SGO-62 of several origins only the ones given may connect, on polling too", async () => {
    const { url } = await serve({ origins: ["https://ours.example"] });
    for (const [origin, status, polled] of [
      ["https://ours.example", 101, 200],
      ["https://theirs.example", 403, 403],
    ] as const) {
      const headers = { Origin: origin };
      const answer = await handshake(`${url}/socket`, { headers });
      answer.socket?.destroy();
      expect(answer.status).toBe(status);
      expect((await ask(`${url}/socket/connect`, { method: "POST", headers })).status).toBe(polled);
    }
  });

  test("SGO-62 without origins all may connect, with one warning", async () => {
    const { url, warnings } = await serve();
    for (const origin of ["https://a.example", "https://b.example"]) {
      const { status, socket } = await handshake(`${url}/socket`, { headers: { Origin: origin } });
      socket?.destroy();
      expect(status).toBe(101);
      expect((await ask(`${url}/socket/connect`, { method: "POST", headers: { Origin: origin } })).status).toBe(200);
    }
    expect(warnings).toEqual([expect.stringContaining("pages of any origin may connect to socket-go")]);
  });

  test("2,000 messages go through both ways, in order and none lost", async () => {
    const { chat, connect } = await serve();
    const { heard } = echo(chat);
    const client = await connect();
    const numbers = Array.from({ length: 2_000 }, (_, index) => index);
    for (const number of numbers) client.say(`{"event":"x","data":${number}}`);
    expect(await client.take(2_000)).toEqual(numbers.map((number) => `{"event":"echo","data":${number}}`));
    expect(heard).toEqual(numbers);
  });

  test("the server's message rate is not for this dialect", async () => {
    const clock = new ManualClock();
    const { chat, connect } = await serve({}, { clock, messageRate: { perSecond: 1, burst: 1 } });
    echo(chat);
    const client = await connect();
    for (let count = 0; count < 200; count += 1) client.say('{"event":"x"}');
    expect(await client.take(200)).toHaveLength(200);
  });

  test("a client that authenticate refuses is closed with 1008, and no handler sees it", async () => {
    const { chat, connect } = await serve({}, { authenticate: () => undefined });
    const { ended } = echo(chat);
    chat.on("connect", () => expect.unreachable());
    const client = await connect();
    expect(await client.closed).toBe(1_008);
    expect([ended, chat.count()]).toEqual([[], 0]);
  });

  test("a client that is refused because authenticate fails is closed with 4503, and may come back", async () => {
    const authenticate = (): never => {
      throw new Error("no database");
    };
    const { connect } = await serve({}, { authenticate });
    expect(await (await connect()).closed).toBe(4_503);
  });
});

/** The wire of the first client. */
function wireOf(server: Server): Wire {
  return (server.connections[0] as unknown as LiveConnection).wire;
}
