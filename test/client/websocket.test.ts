import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocketServer, type WebSocket as ServerSocket } from "ws";
import { createClient } from "../../src/client/index.ts";
import { msgpackCodec } from "../../src/client/msgpack.ts";
import { nodeWebSocket, type NodeWebSocketOptions } from "../../src/client/node.ts";
import type { Link, Transport } from "../../src/client/transports/transport.ts";
import { webSocket } from "../../src/client/transports/websocket.ts";
import { createJsonCodec, type Codec, type CodecFrame } from "../../src/protocol/codec.ts";

const subprotocol = "carillon.v1.json";
const codec = createJsonCodec();
const certificate = (name: string): string => readFileSync(new URL(`certs/${name}.pem`, import.meta.url), "utf8");
const running: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of running.splice(0)) each.close();
});

describe.each([
  ["webSocket()", webSocket],
  ["nodeWebSocket()", nodeWebSocket],
])("the transport %s", (_, create: () => Transport) => {
  it("carries text and bytes both ways, whole and in order", async () => {
    const { url, sockets } = await serve((socket) =>
      socket.on("message", (data: Buffer, isBinary) => socket.send(data, { binary: isBinary })),
    );
    const link = await connect(create(), url);
    const { frames } = listen(link);
    const sent = ["", "text €", Uint8Array.of(0, 255), new Uint8Array(100_000).fill(7), "last"];
    link.send(sent);
    await until(() => frames.length === sent.length);
    expect(frames).toEqual(sent);
    expect(link.bufferedBytes).toBe(0);
    expect(link.subprotocol).toBe(subprotocol);
    expect(sockets).toHaveLength(1);
  });

  it("joins what it is given together, as far as that is allowed", async () => {
    const heard: string[] = [];
    const { url } = await serve((socket) => socket.on("message", (data: Buffer) => heard.push(data.toString())));
    const link = await connect(create(), url);
    link.send(["1", "2", "3"], 7);
    link.send(["1", "2", "3"], 6);
    link.send(["1", "2"]);
    link.send([], 100);
    link.send(
      Array.from({ length: 257 }, () => "7"),
      1_000,
    );
    await until(() => heard.length === 7);
    expect(heard.map(({ length }) => length)).toEqual([7, 5, 1, 1, 1, 513, 1]);
    link.close(1000);
  });

  it("holds what comes before anybody listens, also the end", async () => {
    const { url } = await serve((socket) => {
      socket.send("first");
      socket.send("second");
      socket.close(4410, "enough");
    });
    const link = await connect(create(), url);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { frames, closes } = listen(link);
    expect(frames).toEqual(["first", "second"]);
    expect(closes).toEqual([[4410, "enough"]]);
  });

  it("delivers what was sent before it closes, and tells of the end once", async () => {
    const heard: string[] = [];
    const { url, sockets } = await serve((socket) =>
      socket.on("message", (data: Buffer) => heard.push(data.toString())),
    );
    const link = await connect(create(), url);
    const { closes } = listen(link);
    const gone = once(sockets[0]!, "close");
    link.send(["last words"]);
    link.close(4504, "timeout");
    link.close(1000);
    link.send(["too late"]);
    expect((await gone)[0]).toBe(4504);
    await until(() => closes.length > 0);
    expect(heard).toEqual(["last words"]);
    expect(closes).toEqual([[4504, "timeout"]]);
  });

  it("tells 1006 when the link just breaks", async () => {
    const { url, sockets } = await serve(() => {});
    const link = await connect(create(), url);
    const { closes } = listen(link);
    sockets[0]!.terminate();
    await until(() => closes.length > 0);
    expect(closes).toEqual([[1006, ""]]);
  });

  it("rejects with connect-failed when nobody listens there", async () => {
    const { url, close } = await serve(() => {});
    await close();
    await expect(connect(create(), url)).rejects.toMatchObject({ code: "connect-failed" });
  });

  it("rejects with connect-failed when the server refuses the upgrade, and follows no redirect (C03)", async () => {
    for (const status of [401, 503, 302]) {
      const server = createHttpServer();
      const paths = new Set<string | undefined>();
      server.on("upgrade", (request, socket) => {
        paths.add(request.url);
        socket.end(`HTTP/1.1 ${status} No\r\nLocation: ${url}/other\r\nContent-Length: 0\r\n\r\n`);
      });
      const url = await listenOn(server);
      await expect(connect(create(), url)).rejects.toMatchObject({ code: "connect-failed" });
      expect([...paths]).toEqual(["/"]);
    }
  });

  it("rejects a server that chooses a subprotocol which was not offered (C02)", async () => {
    const { url } = await serve(
      () => {},
      () => "carillon.v1.msgpack",
    );
    await expect(connect(create(), url)).rejects.toMatchObject({ code: "connect-failed" });
  });

  it("leaves nothing open when it is aborted", async () => {
    const server = createHttpServer();
    const sockets = new Set<unknown>();
    server.on("upgrade", (_request, socket) => {
      sockets.add(socket);
      // HTTP servers leave a socket half open.
      socket.resume().on("end", () => socket.end());
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    });
    const url = await listenOn(server);
    const controller = new AbortController();
    const connecting = create().connect({ url, codec, signal: controller.signal });
    await until(() => sockets.size === 1);
    controller.abort();
    await expect(connecting).rejects.toMatchObject({ code: "connect-failed" });
    await until(() => sockets.size === 0);
    await expect(create().connect({ url, codec, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "connect-failed",
    });
    expect(sockets.size).toBe(0);
  });

  it.each([
    ["JSON", createJsonCodec()],
    ["MessagePack", msgpackCodec()],
  ])("carries a whole conversation in %s", async (_name, codec) => {
    const { url } = await serve((socket) => answer(socket, codec));
    const client = createClient(url.replace("ws:", "http:"), { transports: [create()], codec });
    const heard: unknown[] = [];
    client.channel("lobby").on("chat", (data) => heard.push(data));
    await client.channel("lobby").subscribe();
    expect(client.state).toMatchObject({ kind: "open", transport: "websocket", connection: "c-1" });
    expect(await client.channel("lobby").publish("chat", Uint8Array.of(1, 2))).toEqual({ id: "p-1" });
    await until(() => heard.length === 1);
    expect(heard).toEqual([Uint8Array.of(1, 2)]);
    await client.close();
  });

  it("is what terminal close codes come through: the client stays away", async () => {
    const { url } = await serve((socket) => socket.close(4401, "no"));
    const client = createClient(url, { transports: [create()] });
    await expect(client.connect()).rejects.toMatchObject({ code: "unauthorized" });
    expect(client.state.kind).toBe("closed");
  });
});

describe("nodeWebSocket()", () => {
  it("sends headers, and offers no compression", async () => {
    const { url, requests } = await serve(() => {});
    const link = await connect(nodeWebSocket({ headers: { authorization: "Bearer t-123", "x-node": "7" } }), url);
    expect(requests[0]?.headers).toMatchObject({ authorization: "Bearer t-123", "x-node": "7" });
    expect(requests[0]?.headers["sec-websocket-extensions"]).toBeUndefined();
    link.close(1000);
  });

  it("offers compression where that is wanted, and understands what is compressed", async () => {
    const { url, requests } = await serve((socket) => socket.send("x".repeat(10_000)), undefined, undefined, true);
    const link = await connect(nodeWebSocket({ compress: true }), url);
    expect(requests[0]?.headers["sec-websocket-extensions"]).toContain("permessage-deflate");
    const { frames } = listen(link);
    await until(() => frames.length === 1);
    expect(frames).toEqual(["x".repeat(10_000)]);
    link.close(1000);
  });

  it("tells why the server refused the upgrade", async () => {
    const server = createHttpServer();
    server.on("upgrade", (_request, socket) => socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"));
    const url = await listenOn(server);
    await expect(connect(nodeWebSocket(), url)).rejects.toMatchObject({
      cause: expect.objectContaining({ message: expect.stringContaining("403") }),
    });
  });

  it("has a deadline for the upgrade where one is given", async () => {
    const server = createHttpServer();
    server.on("upgrade", (_request, socket) => socket.on("error", () => {}));
    const url = await listenOn(server);
    await expect(connect(nodeWebSocket({ handshakeTimeoutMs: 50 }), url)).rejects.toMatchObject({
      code: "connect-failed",
    });
  });

  it.each([
    ["takes a frame of 4 MiB", 4 * 2 ** 20, []],
    ["closes with 1009 at one byte more", 4 * 2 ** 20 + 1, [1006]],
  ])("%s", async (_, bytes, expected) => {
    let code = 0;
    const { url } = await serve((socket) => {
      socket.on("close", (received) => (code = received));
      socket.on("error", () => {});
      socket.send(new Uint8Array(bytes));
    });
    const link = await connect(nodeWebSocket(), url);
    const { frames, closes } = listen(link);
    await until(() => frames.length + closes.length > 0);
    expect(closes.map(([received]) => received)).toEqual(expected);
    if (expected.length > 0) await until(() => code === 1009);
    link.close(1000);
  });
});

describe("nodeWebSocket() over TLS", () => {
  const trusting = { ca: certificate("ca"), servername: "carillon.test" };
  const connectWith = (tls: NodeWebSocketOptions["tls"], url: string): Promise<Link> =>
    connect(nodeWebSocket(tls ? { tls } : {}), url);

  it("trusts the authority that it is given, for the name that it is given", async () => {
    const { url } = await serveTls();
    const link = await connectWith(trusting, url);
    link.close(1000);
  });

  it.each([
    ["an authority that it does not know", undefined],
    ["an authority that it does not know, whatever the name", { servername: "carillon.test" }],
    ["another name than the certificate's", { ca: trusting.ca, servername: "other.test" }],
    ["another host than the certificate's", { ca: trusting.ca }],
    [
      "an authority that it does not know, though somebody tried to switch the check off",
      { servername: "carillon.test", rejectUnauthorized: false },
    ],
  ])("refuses %s", async (_, tls) => {
    const { url } = await serveTls();
    await expect(connectWith(tls, url)).rejects.toMatchObject({ code: "connect-failed", cause: expect.any(Error) });
  });

  it("shows its own certificate", async () => {
    const { url, requests } = await serveTls();
    const link = await connectWith({ ...trusting, cert: certificate("client"), key: certificate("client.key") }, url);
    const socket = requests[0]!.socket as TLSSocket;
    expect(socket.authorized).toBe(true);
    expect(socket.getPeerCertificate().subject.CN).toBe("ada");
    link.close(1000);
  });
});

interface Served {
  readonly url: string;
  readonly requests: readonly IncomingMessage[];
  readonly sockets: readonly ServerSocket[];
  close(): Promise<void>;
}

/** A bare WebSocket server. */
async function serve(
  opened: (socket: ServerSocket) => void,
  choose: (offered: Set<string>) => string = ([first]) => first!,
  http: Server = createHttpServer(),
  perMessageDeflate = false,
): Promise<Served> {
  const server = new WebSocketServer({ server: http, handleProtocols: choose, perMessageDeflate });
  const requests: IncomingMessage[] = [];
  const sockets: ServerSocket[] = [];
  server.on("connection", (socket, request) => {
    requests.push(request);
    sockets.push(socket);
    opened(socket);
  });
  const url = await listenOn(http);
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.terminate();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  };
  running.push({ close });
  return { url, requests, sockets, close };
}

async function serveTls(): Promise<Served> {
  const keys = { cert: certificate("server"), key: certificate("server.key"), ca: certificate("ca") };
  const server = createHttpsServer({ ...keys, requestCert: true, rejectUnauthorized: false });
  server.on("tlsClientError", () => {});
  const served = await serve(() => {}, undefined, server);
  return { ...served, url: served.url.replace("ws:", "wss:") };
}

async function listenOn(server: Server): Promise<string> {
  running.push({ close: () => (server.closeAllConnections(), server.close()) });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function connect(transport: Transport, url: string): Promise<Link> {
  return transport.connect({ url, codec, signal: new AbortController().signal });
}

function listen(link: Link): { readonly frames: CodecFrame[]; readonly closes: [number, string][] } {
  const frames: CodecFrame[] = [];
  const closes: [number, string][] = [];
  link.receive({ frame: (frame) => frames.push(frame), closed: (code, reason) => closes.push([code, reason]) });
  return { frames, closes };
}

/** Plays the part of the server in the smallest conversation. */
function answer(socket: ServerSocket, codec: Codec): void {
  const say = (message: object): void => socket.send(codec.encode(message as never));
  socket.on("message", (data: Buffer, isBinary: boolean) => {
    for (const message of codec.decode(isBinary ? data : data.toString()) as Record<string, unknown>[]) {
      const { type, ref, channel, event } = message;
      if (type === "connect")
        say({ type: "connected", connection: "c-1", heartbeatMs: 10_000, maxMessageBytes: 65_536 });
      if (type === "subscribe") say({ type: "subscribed", ref, channel });
      if (type === "publish") {
        say({ type: "published", ref, id: "p-1" });
        say({ type: "publication", channel, event, data: message["data"], id: "p-1", time: 1 });
      }
    }
  });
}

/** Waits for something that a real socket does in its own time. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}
