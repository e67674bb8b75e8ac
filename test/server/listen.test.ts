import { execFileSync } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { createClient } from "../../src/client/index.ts";
import { nodeWebSocket } from "../../src/client/node.ts";
import { createServer, native, type Server, type ServerOptions, type TlsOptions } from "../../src/index.ts";
import { handshake } from "./raw-client.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function listening(options: ServerOptions = {}): Promise<{ server: Server; url: string }> {
  const server = createServer({ logger: quiet, ...options });
  open.push(server);
  const { url } = await server.listen({ host: "127.0.0.1" });
  return { server, url: `${url}carillon` };
}

async function httpListening(httpServer: HttpServer): Promise<string> {
  open.push({ close: () => (httpServer.closeAllConnections(), httpServer.close()) });
  httpServer.listen(0, "127.0.0.1");
  await once(httpServer, "listening");
  return `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}/`;
}

const warnings: string[] = [];
const quiet = {
  info: () => undefined,
  warn: (_facts: object, message: string) => warnings.push(message),
  error: (facts: object) => expect.unreachable(JSON.stringify(facts)),
};

describe("listen", () => {
  test("serves its endpoint and nothing else, and says how to speak to it", async () => {
    const { url } = await listening();
    const plain = await fetch(url);
    expect(plain.status).toBe(426);
    expect(plain.headers.get("upgrade")).toBe("websocket");
    expect(await plain.text()).toContain("WebSocket");
    expect((await fetch(new URL("/elsewhere", url))).status).toBe(404);
    expect((await handshake(new URL("/elsewhere", url).href)).status).toBe(404);
  });

  test.each(["8080", { prot: 1 }, { port: "8080" }, null])("%j is no place to listen at", async (where) => {
    const server = createServer();
    open.push(server);
    await expect(server.listen(where as unknown as number)).rejects.toMatchObject({
      code: "option-invalid",
      message: expect.stringContaining("number"),
    });
  });

  test("a server that was closed does not listen again", async () => {
    const server = createServer();
    const closed = server.close();
    await expect(server.listen()).rejects.toMatchObject({ code: "closed" });
    await closed;
    await expect(server.listen()).rejects.toMatchObject({ code: "closed" });
  });

  test("a port in use, or an impossible one, is named with the fix", async () => {
    const { url } = await listening();
    const { port } = new URL(url);
    const second = createServer();
    open.push(second);
    await expect(second.listen({ port: Number(port), host: "127.0.0.1" })).rejects.toMatchObject({
      code: "listen-failed",
      message: expect.stringContaining(`port ${port} is in use`),
    });
    await expect(second.listen(65_536)).rejects.toMatchObject({ code: "option-invalid" });
    await expect(second.listen({ host: "" })).rejects.toMatchObject({ code: "option-invalid" });
    await expect(second.listen({ host: "no.such.host.invalid" })).rejects.toMatchObject({ code: "listen-failed" });
  });

  test("with a certificate it serves wss, and a client that trusts the authority connects", async () => {
    const folder = mkdtempSync(join(tmpdir(), "carillon-tls-"));
    open.push({ close: () => rmSync(folder, { recursive: true }) });
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        key,
        "-out",
        cert,
        "-days",
        "2",
        ...subject,
      ],
      { stdio: "ignore" },
    );
    const server = createServer();
    open.push(server);
    const tls = { key: readFileSync(key), cert: readFileSync(cert) };
    const { url } = await server.listen({ host: "127.0.0.1", tls });
    expect(url).toMatch(/^https:/);
    const client = createClient(`${url}carillon`, { transports: [nodeWebSocket({ tls: { ca: tls.cert } })] });
    open.push(client);
    await client.connect();
    expect(server.connections[0]!.handshake.secure).toBe(true);
    await expect(createServer().listen({ tls: { key: "x", cert: "y" } })).rejects.toMatchObject({
      code: "option-invalid",
      message: expect.stringMatching(/^tls: /),
    });
    await expect(createServer().listen({ tls: { key: tls.key } as TlsOptions })).rejects.toMatchObject({
      code: "option-invalid",
      message: "tls needs cert and key",
    });
  });
});

describe("origins", () => {
  test("pages of the server's own host and clients without an origin may connect", async () => {
    const { url } = await listening();
    const { host } = new URL(url);
    for (const origin of [undefined, `http://${host}`, `https://${host}`]) {
      const { status, socket } = await handshake(url, { headers: { Origin: origin } });
      expect(status).toBe(101);
      socket!.destroy();
    }
  });

  test("with * any page may connect", async () => {
    const { url } = await listening({ origins: ["*"] });
    const { status, socket } = await handshake(url, { headers: { Origin: "https://anywhere.example" } });
    expect(status).toBe(101);
    socket!.destroy();
  });
});

describe("attach", () => {
  test("an application keeps its own routes and its own WebSockets beside ours", async () => {
    const httpServer = createHttpServer((request, response) => response.end(`own ${request.url}`));
    const own = new WebSocketServer({ noServer: true });
    httpServer.on("upgrade", (request, socket, head) => {
      if (request.url !== "/own") return;
      own.handleUpgrade(request, socket, head, (webSocket) => webSocket.send("own"));
    });
    const base = await httpListening(httpServer);
    const server = createServer();
    open.push(server);
    const detach = server.attach(httpServer);

    expect(await (await fetch(`${base}page?x=1`)).text()).toBe("own /page?x=1");
    expect((await fetch(`${base}carillon`)).status).toBe(426);
    const theirs = new WebSocket(`${base.replace("http", "ws")}own`);
    const [message] = (await once(theirs, "message")) as [MessageEvent<string>];
    expect(message.data).toBe("own");
    theirs.close();
    const client = createClient(`${base}carillon`);
    open.push(client);
    await client.connect();

    detach();
    detach();
    expect(await (await fetch(`${base}carillon`)).text()).toBe("own /carillon");
    expect(httpServer.listenerCount("upgrade")).toBe(1);
    expect(server.connections).toHaveLength(1);
  });

  test("what nobody hears is answered instead of left hanging", async () => {
    const server = createServer();
    open.push(server);
    const httpServer = createHttpServer();
    server.attach(httpServer);
    const base = await httpListening(httpServer);
    expect((await handshake(`${base}elsewhere`)).status).toBe(404);
    expect((await fetch(`${base}elsewhere`)).status).toBe(404);
  });

  test.each([new EventEmitter(), () => undefined, undefined])("%s is no http server to attach to", (application) => {
    const server = createServer();
    open.push(server);
    expect(() => server.attach(application as unknown as HttpServer)).toThrow("app.listen() returns it");
  });

  test("a server that was closed is attached to nothing", async () => {
    const server = createServer();
    await server.close();
    const httpServer = createHttpServer();
    expect(() => server.attach(httpServer)).toThrow(expect.objectContaining({ code: "closed" }));
    expect(httpServer.listenerCount("upgrade")).toBe(0);
  });

  test("of two servers on one http server, either may end first, and everything else is heard once", async () => {
    const heard: (string | undefined)[] = [];
    const httpServer = createHttpServer((request, response) => {
      heard.push(request.url);
      response.end("own");
    });
    const base = await httpListening(httpServer);
    for (const first of [0, 1]) {
      const servers = ["/a", "/b"].map((path) => createServer({ endpoints: { [path]: native() } }));
      for (const server of servers) server.attach(httpServer);
      await servers[first]!.close();
      heard.length = 0;
      expect(await (await fetch(`${base}own`)).text()).toBe("own");
      expect((await handshake(`${base}own`)).status).toBe(200);
      expect((await fetch(`${base}${"ba"[first]}`)).status).toBe(426);
      expect(await (await fetch(`${base}${"ab"[first]}`)).text()).toBe("own");
      expect(heard).toEqual(["/own", "/own", `/${"ab"[first]}`]);
      await servers[1 - first]!.close();
      expect(await (await fetch(`${base}a`)).text()).toBe("own");
      expect(heard).toHaveLength(4);
    }
  });

  test("an upgrade that a later listener takes is left to it", async () => {
    const httpServer = createHttpServer();
    const server = createServer();
    open.push(server);
    server.attach(httpServer);
    httpServer.on("upgrade", (request, socket) => {
      if (request.url === "/late") socket.end("HTTP/1.1 418 Late\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    });
    const base = await httpListening(httpServer);
    expect((await handshake(`${base}late`)).status).toBe(418);
  });
});

describe("for adapters", () => {
  test("request answers for its own paths only, and upgrade leaves foreign sockets alone", async () => {
    const { server } = await listening();
    const httpServer = createHttpServer((request, response) => {
      if (!server.request(request, response)) response.writeHead(410).end();
    });
    httpServer.on("upgrade", (request, socket, head) => {
      if (!server.upgrade(request, socket, head))
        socket.end("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
    const base = await httpListening(httpServer);
    expect((await fetch(`${base}carillon`)).status).toBe(426);
    expect((await fetch(`${base}other`)).status).toBe(410);
    expect((await handshake(`${base}other`)).status).toBe(410);
    const client = createClient(`${base}carillon`);
    open.push(client);
    await client.connect();
  });
});

describe("close", () => {
  test("clients are told to come back, handshakes are refused, and the port is free", async () => {
    const { server, url } = await listening();
    const client = createClient(url, { reconnect: false });
    open.push(client);
    await client.connect();
    const ended = new Promise((resolve) => void client.on("disconnect", resolve));
    await server.close();
    await expect(ended).resolves.toMatchObject({ code: 4510 });
    await expect(fetch(url)).rejects.toThrow();
    expect(server.stats()).toMatchObject({ connections: 0, channels: 0 });
  });

  test("a peer that never answers the close frame is cut off in time", async () => {
    const { server, url } = await listening();
    const { socket } = await handshake(url);
    socket!.pause();
    const closed = once(socket!, "close");
    await server.close({ timeoutMs: 50 });
    socket!.resume();
    await closed;
  });

  test("a server that is closed before it listens does not listen", async () => {
    const other = createHttpServer();
    const { port } = new URL(await httpListening(other));
    other.close();
    await once(other, "close");
    const server = createServer();
    const refused = server.listen({ host: "127.0.0.1", port: Number(port) }).catch((error: unknown) => error);
    await server.close();
    expect(await refused).toMatchObject({ code: "closed" });
    await expect(fetch(`http://127.0.0.1:${port}/carillon`)).rejects.toThrow();
  });

  test("an attached server answers 503 while it closes, and is then off", async () => {
    const httpServer = createHttpServer((_request, response) => response.end("own"));
    const base = await httpListening(httpServer);
    const server = createServer();
    server.attach(httpServer);
    const { socket } = await handshake(`${base}carillon`);
    const closing = server.close({ timeoutMs: 2_000 });
    const refused = await handshake(`${base}carillon`);
    expect(refused.status).toBe(503);
    expect(refused.headers["retry-after"]).toBe("1");
    socket!.destroy();
    await closing;
    expect(await (await fetch(`${base}carillon`)).text()).toBe("own");
  });
});
