import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { WebSocket as NodeWebSocket, WebSocketServer } from "ws";
import {
  connectSocketGo,
  createSocketGoClient,
  socketGoPolling,
  socketGoWebSocket,
  type SocketGoClient,
} from "../../../src/client/socket-go/index.ts";
import { nodeTransports } from "../../../src/client/socket-go/node.ts";
import { socketGo } from "../../../src/dialects/socket-go/index.ts";
import { createServer } from "../../../src/index.ts";
import { inProcess } from "../../../src/testing/in-process.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { echo, serve } from "../../dialects/socket-go/support.ts";

const certificate = (name: string): string => readFileSync(new URL(`../certs/${name}.pem`, import.meta.url), "utf8");
const clients: SocketGoClient[] = [];
afterEach(() => Promise.all(clients.splice(0).map((client) => client.close())));

const kept = <Client extends SocketGoClient>(client: Client): Client => {
  clients.push(client);
  return client;
};
const next = (client: SocketGoClient, event: string): Promise<unknown> =>
  new Promise((resolve) => client.on(event, resolve));
const fast = socketGoPolling({ intervalMs: 1 });

describe("against our own socket.go", () => {
  it.each([
    ["a WebSocket", () => [socketGoWebSocket()]],
    ["polling", () => [fast]],
    ["Node's WebSocket", () => [nodeTransports()[0]!]],
    ["Node's polling", () => [nodeTransports({ polling: { intervalMs: 1 } })[1]!]],
  ])("talks and keeps order over %s", async (_, transports) => {
    const { chat, url } = await serve();
    const { heard } = echo(chat);
    const client = kept(await connectSocketGo(`${url}/socket`, { transports: transports() }));
    const echoed: unknown[] = [];
    const done = new Promise<void>((resolve) =>
      client.on("echo", (data) => {
        if (echoed.push(data) === 50) resolve();
      }),
    );
    for (let n = 0; n < 50; n += 1) client.send("n", n);
    await done;
    expect(echoed).toEqual(Array.from({ length: 50 }, (__, n) => n));
    expect(heard).toEqual(echoed);
  });

  it("reads base64 bodies of polls too", async () => {
    const { chat, url } = await serve({ pollBodies: "base64" });
    echo(chat);
    const client = kept(await connectSocketGo(`${url}/socket`, { transports: [fast] }));
    const echoed = next(client, "echo");
    client.send("x", { a: "ü" });
    expect(await echoed).toEqual({ a: "ü" });
    expect(client.id).toMatch(/^[0-9a-f]{16}-[0-9a-f]{4}$/);
  });

  it("falls back to polling where WebSockets do not get through (SGO-26)", async () => {
    const { chat, url } = await serve();
    echo(chat);
    class Blocked extends NodeWebSocket {
      constructor(address: string) {
        super(address.replace("/socket", "/nowhere"));
      }
    }
    const blocked = socketGoWebSocket({ WebSocket: Blocked as unknown as typeof WebSocket });
    const client = kept(await connectSocketGo(`${url}/socket`, { transports: [blocked, fast] }));
    expect(client.id).toBeDefined();
    const echoed = next(client, "echo");
    client.send("x", 1);
    expect(await echoed).toBe(1);
  });

  it("works over a transport object of the application's own (SGO-28)", async () => {
    const chat = socketGo();
    const server = createServer({ endpoints: { "/socket": chat } });
    onTestFinished(() => server.close());
    echo(chat);
    const client = kept(await connectSocketGo("ws://localhost/socket", { transports: [inProcess(server)] }));
    const echoed = next(client, "echo");
    client.send("x", [1]);
    expect(await echoed).toEqual([1]);
  });

  it.each([
    ["a WebSocket", () => [socketGoWebSocket()]],
    ["polling", () => [fast]],
  ])("is heard to say goodbye before it leaves, with a batch too (SGO-58, %s)", async (_, transports) => {
    const { chat, url } = await serve();
    const order: string[] = [];
    chat.on("goodbye", () => order.push("goodbye"));
    const left = new Promise<void>((resolve) =>
      chat.on("disconnect", () => {
        order.push("disconnect");
        resolve();
      }),
    );
    const options = { transports: transports(), batch: { size: 10, intervalMs: 60_000 } };
    const client = kept(await connectSocketGo(`${url}/socket`, options));
    client.send("goodbye");
    await client.close();
    await left;
    expect(order).toEqual(["goodbye", "disconnect"]);
  });

  it("joins its rooms, and again after a reconnect (SGO-23)", async () => {
    const { chat, url } = await serve({ conventions: true });
    const clock = new ManualClock();
    const client = kept(createSocketGoClient(`${url}/socket`, { clock, transports: [socketGoWebSocket()] }));
    let joined = next(client, "userJoined");
    client.join("r");
    await client.connect();
    expect(await joined).toMatchObject({ room: "r" });
    const [before] = chat.in("r");
    const lost = next(client, "disconnect");
    before!.close();
    await lost;
    joined = next(client, "userJoined");
    clock.advance(1_000);
    await joined;
    expect(chat.in("r")).toHaveLength(1);
    expect(chat.in("r")[0]!.id).not.toBe(before!.id);
    expect(client.reconnects).toBe(1);
  });

  it("takes a server that is away for a connection error (SGO-52)", async () => {
    await expect(connectSocketGo("ws://127.0.0.1:1/socket")).rejects.toMatchObject({ code: "connect-failed" });
    await expect(connectSocketGo("ws://127.0.0.1:1/socket", { transports: nodeTransports() })).rejects.toMatchObject({
      code: "connect-failed",
    });
  });
});

describe("Node's transports", () => {
  it("take pings for life (SGO-56)", async () => {
    const clock = new ManualClock();
    const sockets = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    onTestFinished(() => sockets.close());
    const accepted = new Promise<NodeWebSocket>((resolve) => sockets.on("connection", resolve));
    await once(sockets, "listening");
    const { port } = sockets.address() as AddressInfo;
    const client = kept(
      createSocketGoClient(`ws://127.0.0.1:${port}/`, {
        clock,
        transports: nodeTransports({ clock }),
        reconnect: false,
      }),
    );
    await client.connect();
    const server = await accepted;
    clock.advance(29_999);
    // The client's pong comes after it has taken the ping.
    const ponged = new Promise((resolve) => server.once("pong", resolve));
    server.ping();
    await ponged;
    clock.advance(29_999);
    expect(client.isConnected).toBe(true);
    clock.advance(1);
    expect(client.isConnected).toBe(false);
  });

  it("send their headers with the upgrade and with every polling request (SGO-55)", async () => {
    const seen: string[] = [];
    const http = createHttpServer((request, response) => {
      const { pathname } = new URL(request.url!, "http://server");
      seen.push(`${pathname} ${request.headers.authorization}`);
      response.end(pathname.endsWith("/connect") ? '{"sessionId":"s"}' : "[]");
    });
    http.on("upgrade", (request: IncomingMessage, socket) => {
      seen.push(`upgrade ${request.headers.authorization}`);
      socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      http.close();
      http.closeAllConnections();
    });
    const { port } = http.address() as AddressInfo;
    const transports = nodeTransports({ headers: { authorization: "Bearer t" }, polling: { intervalMs: 1 } });
    const client = await connectSocketGo(`ws://127.0.0.1:${port}/socket`, { transports });
    client.send("x");
    await expect.poll(() => seen.length).toBeGreaterThan(3);
    await client.close();
    const names = ["upgrade", "/socket/connect", "/socket/send", "/socket/poll", "/socket/disconnect"];
    expect(new Set(seen)).toEqual(new Set(names.map((name) => `${name} Bearer t`)));
  });

  it("trust a private CA that they are given, and nothing else (SGO-57)", async () => {
    const key = certificate("server.key");
    const https = createHttpsServer({ key, cert: certificate("server") }, (request, response) => {
      response.end(request.url!.startsWith("/socket/connect") ? '{"sessionId":"s"}' : '[{"event":"x"}]');
    });
    const sockets = new WebSocketServer({ server: https });
    sockets.on("connection", (socket) => socket.send('{"event":"x"}'));
    await new Promise<void>((resolve) => https.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      https.close();
      https.closeAllConnections();
    });
    const url = `wss://localhost:${(https.address() as AddressInfo).port}/socket`;
    const trusting = nodeTransports({
      tls: { ca: certificate("ca"), servername: "carillon.test" },
      polling: { intervalMs: 1 },
    });
    for (const [index, transport] of trusting.entries()) {
      const client = kept(createSocketGoClient(url, { transports: [transport] }));
      const came = next(client, "x");
      await client.connect();
      await came;
      expect(client.id).toBe(index === 0 ? undefined : "s");
    }
    for (const transport of nodeTransports()) {
      await expect(connectSocketGo(url, { transports: [transport] })).rejects.toMatchObject({ code: "connect-failed" });
    }
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  it.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])("talk with compression client: %s, server: %s, compressed only if both (SGO-59)", async (mine, theirs) => {
    const sockets = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: theirs && { threshold: 0 } });
    onTestFinished(() => sockets.close());
    const extensions = new Promise<string>((resolve) =>
      sockets.on("connection", (socket) => {
        resolve(socket.extensions);
        socket.on("message", (data: Buffer) => socket.send(data.toString()));
      }),
    );
    await once(sockets, "listening");
    const { port } = sockets.address() as AddressInfo;
    const client = kept(
      await connectSocketGo(`ws://127.0.0.1:${port}/`, { transports: nodeTransports({ compression: mine }) }),
    );
    expect(await extensions).toBe(mine && theirs ? "permessage-deflate" : "");
    const echoed = next(client, "x");
    client.send("x", "a".repeat(2_000));
    expect(await echoed).toBe("a".repeat(2_000));
  });

  it.each([true, false])("talk with our own server with compression: %s (SGO-59)", async (compression) => {
    const { chat, url } = await serve({ compression: true });
    echo(chat);
    const client = kept(await connectSocketGo(`${url}/socket`, { transports: nodeTransports({ compression }) }));
    const echoed = next(client, "echo");
    client.send("x", "a".repeat(2_000));
    expect(await echoed).toBe("a".repeat(2_000));
  });
});
