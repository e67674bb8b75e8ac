import { once } from "node:events";
import { createServer as createHttpServer, request, type RequestListener, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { getRequestListener } from "@hono/node-server";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import { afterEach, describe, expect, test } from "vitest";
import { carillon as expressAdapter } from "../../src/adapters/express.ts";
import { carillon as fastifyAdapter } from "../../src/adapters/fastify.ts";
import { carillon as honoAdapter } from "../../src/adapters/hono.ts";
import { carillon as koaAdapter } from "../../src/adapters/koa.ts";
import { createServer, type Server } from "../../src/index.ts";

interface Application {
  readonly listener: RequestListener;
  attach(httpServer: HttpServer): unknown;
}

/** An application that reads bodies before the adapter, and hands what it throws to `seen`. */
type Framework = (server: Server, seen: (error: Error) => void) => Application;

const frameworks: readonly (readonly [string, Framework])[] = [
  [
    "express",
    (server, seen) => {
      const app = express();
      const realtime = expressAdapter(server);
      app.use(express.json(), realtime);
      app.set("env", "test");
      app.use((error: Error, _request: express.Request, _response: express.Response, next: express.NextFunction) => {
        seen(error);
        next(error);
      });
      return { listener: app, attach: realtime.attach };
    },
  ],
  [
    "hono",
    (server, seen) => {
      const app = new Hono();
      const realtime = honoAdapter(server);
      app.use(async (context, next) => {
        if (context.req.method === "POST") await context.req.text();
        return next();
      });
      app.use(realtime);
      app.onError((error, context) => {
        seen(error);
        return context.text("", 500);
      });
      return { listener: getRequestListener(app.fetch), attach: realtime.attach };
    },
  ],
  [
    "koa",
    (server, seen) => {
      const app = new Koa();
      const realtime = koaAdapter(server);
      app.use(async (context, next) => {
        await buffer(context.req);
        await next();
      });
      app.use(realtime);
      app.on("error", seen);
      return { listener: app.callback(), attach: realtime.attach };
    },
  ],
];

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function start(framework: Framework, isAttached: boolean): Promise<{ url: string; seen: string[] }> {
  const seen: string[] = [];
  const server = createServer();
  const { listener, attach } = framework(server, ({ message }) => void seen.push(message));
  const httpServer = createHttpServer(listener).listen(0, "127.0.0.1");
  if (isAttached) attach(httpServer);
  open.push({ close: () => (httpServer.close(), httpServer.closeAllConnections()) }, server);
  await once(httpServer, "listening");
  return { url: `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}/carillon`, seen };
}

const webSocket = {
  Connection: "keep-alive, Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

async function statusOf(url: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  const asked = request(url, { headers }).end();
  const [response] = (await once(asked, "response")) as [{ readonly statusCode?: number; resume(): void }];
  response.resume();
  return response.statusCode;
}

describe.each(frameworks)("%s", (_name, framework) => {
  test("a body that was read before is named as what is wrong, and nobody waits for it", async () => {
    const { url, seen } = await start(framework, true);
    const headers = { "content-type": "application/json" };
    expect((await fetch(`${url}/open`, { method: "POST", headers, body: "{}" })).status).toBe(500);
    expect(seen).toEqual([expect.stringContaining("before body parsers")]);
  });

  test("where there is no body, it does not matter who looked for one", async () => {
    const { url, seen } = await start(framework, true);
    expect((await fetch(`${url}/send?link=unknown`, { method: "POST" })).status).not.toBe(500);
    expect((await fetch(url)).status).toBe(426);
    expect(seen).toEqual([]);
  });

  test("handshakes that arrive as requests say that attach() is missing, and only they", async () => {
    const { url, seen } = await start(framework, false);
    expect(await statusOf(url, { ...webSocket, Connection: "close" })).toBe(426);
    expect(await statusOf(url, { ...webSocket, Upgrade: "h2c" })).toBe(426);
    expect(seen).toEqual([]);
    expect(await statusOf(url, webSocket)).toBe(500);
    expect(seen).toEqual([expect.stringContaining("attach()")]);
  });
});

test("an adapter without a server is refused when it is made", async () => {
  const none = undefined as unknown as Server;
  for (const adapter of [expressAdapter, honoAdapter, koaAdapter])
    expect(() => adapter(none)).toThrow("createServer()");
  const app = fastify();
  await expect(app.register(fastifyAdapter, { server: none })).rejects.toThrow("createServer()");
});
