import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import fastify from "fastify";
import { WebSocket, WebSocketServer } from "ws";
import { carillon } from "../../src/adapters/fastify.ts";
import { createClient, longPolling, sse, webSocket, type Transport } from "../../src/client/index.ts";
import { createServer, type ConnectAttempt, type Server } from "../../src/index.ts";
import { all, type Framework, type Running } from "./frameworks.ts";

const open: { readonly server: Server; readonly running: Running }[] = [];
afterEach(async () => {
  for (const { server, running } of open.splice(0)) {
    await server.close({ timeoutMs: 100 });
    await running.close();
  }
});

async function start(
  framework: Framework,
): Promise<Running & { readonly server: Server; readonly seen: ConnectAttempt[] }> {
  const seen: ConnectAttempt[] = [];
  const server = createServer({
    authenticate: (attempt) => {
      seen.push(attempt);
      return { userId: "ann" };
    },
  });
  const running = await framework(server);
  open.push({ server, running });
  return { ...running, server, seen };
}

const transports: readonly (readonly [string, () => Transport])[] = [
  ["websocket", webSocket],
  ["sse", sse],
  ["long-polling", longPolling],
];

/** The status that a handshake is answered with, when it is not 101. */
async function refusal(
  url: string,
  more: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly body: string }> {
  const headers = {
    ...more,
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  const asked = request(url, { headers });
  asked.end();
  const [response] = (await once(asked, "response")) as [AsyncIterable<Buffer> & { readonly statusCode: number }];
  let body = "";
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, body };
}

describe.each(all)("%s", (name, framework) => {
  test.each(transports)("a client publishes and hears over %s", async (_transport, create) => {
    const { url } = await start(framework);
    const client = createClient(`${url.replace("http", "ws")}/carillon`, { transports: [create()] });
    const channel = client.channel("lobby");
    const heard = new Promise((resolve) => channel.on("hello", resolve));
    await channel.subscribe();
    await channel.publish("hello", { from: name });
    expect(await heard).toEqual({ from: name });
    await client.close();
  });

  test("the application's own routes stay its own, and unknown ones unknown", async () => {
    const { url } = await start(framework);
    const hello = await fetch(`${url}/hello`);
    expect([hello.status, await hello.text()]).toEqual([200, "hello"]);
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
  });

  test("WebSockets of others on the same http server stay theirs", async () => {
    const { httpServer, url } = await start(framework);
    const others = new WebSocketServer({ noServer: true });
    httpServer.on("upgrade", (asked, socket, head) => {
      if (asked.url === "/other") others.handleUpgrade(asked, socket, head, (webSocket) => webSocket.send("theirs"));
    });
    const socket = new WebSocket(`${url.replace("http", "ws")}/other`);
    const [message] = (await once(socket, "message")) as [Buffer];
    expect(message.toString()).toBe("theirs");
    socket.terminate();
  });
});

describe.each(all)("%s", (_name, framework) => {
  test("an upgrade that nobody takes is a request like any other", async () => {
    const { url } = await start(framework);
    expect(await refusal(`${url}/hello`)).toEqual({ status: 200, body: "hello" });
    expect((await refusal(`${url}/nothing`)).status).toBe(404);
  });

  test.each(["/hello", "/carillon?closed", "/carillon"])(
    "after a handshake at %s that became none, nothing is kept",
    async (path) => {
      const { httpServer, url } = await start(framework);
      const { port } = new URL(url);
      const socket = connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true });
      socket.resume().write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
      await once(socket, "end");
      const held = promisify(httpServer.getConnections.bind(httpServer));
      await expect.poll(() => held()).toBe(0);
      socket.destroy();
    },
  );

  test("an upgrade that nobody takes is refused where Node keeps its body to itself", async () => {
    const { url } = await start(framework);
    expect((await refusal(`${url}/hello`, { "Content-Length": "2" })).status).toBe(404);
    expect((await refusal(`${url}/hello`, { "Transfer-Encoding": "chunked" })).status).toBe(404);
  });
});

describe.each(all.filter(([name]) => name !== "node:http"))("%s", (name, framework) => {
  test("GWS-41: whoever says who a client is sees the framework's request, over every transport", async () => {
    const { url, seen } = await start(framework);
    for (const [, create] of transports) {
      const client = createClient(`${url.replace("http", "ws")}/carillon?room=7`, { transports: [create()] });
      await client.connect();
      await client.close();
    }
    expect(seen).toHaveLength(3);
    for (const { handshake } of seen) {
      const {
        session,
        request: asked,
        context,
      } = handshake.locals as {
        session?: string;
        request?: { url?: string };
        context?: { req: { url?: string } };
      };
      const from = asked ?? context?.req;
      expect(from?.url).toContain("/carillon");
      if (name !== "fastify") expect(session).toBe(`of ${name}`);
    }
  });

  test("what stands before it turns handshakes down as it does requests", async () => {
    const { url, seen } = await start(framework);
    expect(await refusal(`${url}/carillon?closed`)).toEqual({ status: 401, body: "closed" });
    expect((await fetch(`${url}/carillon/open?closed`, { method: "POST", body: "1" })).status).toBe(401);
    expect(seen).toEqual([]);
  });
});

describe("fastify", () => {
  test.each(transports)("an application that closes lets its clients go, over %s", async (_transport, create) => {
    const server = createServer();
    const app = fastify();
    await app.register(carillon, { server });
    const url = await app.listen({ port: 0, host: "127.0.0.1" });
    const client = createClient(`${url.replace("http", "ws")}/carillon`, {
      transports: [create()],
      reconnect: { delayMs: 60_000 },
    });
    await client.connect();
    const left = new Promise((resolve) => client.on("disconnect", resolve));
    await app.close();
    expect(await left).toMatchObject({ code: 4510 });
    expect(server.isReady).toBe(false);
    await client.close();
  });
});
