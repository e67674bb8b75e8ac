import { once } from "node:events";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { serve as serveHono } from "@hono/node-server";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import { carillon as expressAdapter } from "../../src/adapters/express.ts";
import { carillon as fastifyAdapter } from "../../src/adapters/fastify.ts";
import { carillon as honoAdapter } from "../../src/adapters/hono.ts";
import { carillon as koaAdapter } from "../../src/adapters/koa.ts";
import type { Server } from "../../src/index.ts";

/** An application with a route of its own at `/hello`, a gate that turns down whoever says `?closed`, and our endpoints. */
export interface Running {
  readonly url: string;
  readonly httpServer: HttpServer;
  close(): Promise<void>;
}

/** Starts an application of one framework around a server. */
export type Framework = (server: Server) => Promise<Running>;

async function listening(httpServer: HttpServer, close: () => Promise<void>): Promise<Running> {
  if (!httpServer.listening) await once(httpServer, "listening");
  const { port } = httpServer.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, httpServer, close };
}

async function ended(httpServer: HttpServer): Promise<void> {
  httpServer.close();
  httpServer.closeAllConnections();
  await once(httpServer, "close");
}

const frameworks: Readonly<Record<string, Framework>> = {
  "node:http": (server) => {
    const httpServer = createHttpServer((request, response) => {
      response.statusCode = request.url === "/hello" ? 200 : 404;
      response.end("hello");
    });
    server.attach(httpServer);
    return listening(httpServer.listen(0, "127.0.0.1"), () => ended(httpServer));
  },

  express: (server) => {
    const app = express();
    app.use((request, response, next) => {
      response.locals["session"] = "of express";
      if (request.query["closed"] === undefined) next();
      else response.status(401).send("closed");
    });
    app.get("/hello", (_request, response) => void response.send("hello"));
    const realtime = expressAdapter(server);
    app.use(realtime);
    const httpServer = app.listen(0, "127.0.0.1");
    realtime.attach(httpServer);
    return listening(httpServer, () => ended(httpServer));
  },

  fastify: async (server) => {
    const app = fastify();
    app.addHook("onRequest", async (request, reply) => {
      if ((request.query as Record<string, unknown>)["closed"] !== undefined) await reply.code(401).send("closed");
    });
    app.get("/hello", () => "hello");
    await app.register(fastifyAdapter, { server });
    await app.listen({ port: 0, host: "127.0.0.1" });
    return listening(app.server, () => app.close());
  },

  hono: (server) => {
    const app = new Hono<{ Variables: { session: string } }>();
    app.use(async (context, next) => {
      context.set("session", "of hono");
      if (context.req.query("closed") !== undefined) return context.text("closed", 401);
      await next();
      return undefined;
    });
    app.get("/hello", (context) => context.text("hello"));
    const realtime = honoAdapter(server);
    app.use(realtime);
    const httpServer = serveHono({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }) as HttpServer;
    realtime.attach(httpServer);
    return listening(httpServer, () => ended(httpServer));
  },

  koa: (server) => {
    const app = new Koa();
    app.use(async (context, next) => {
      context.state["session"] = "of koa";
      if (context.query["closed"] === undefined) await next();
      else {
        context.status = 401;
        context.body = "closed";
      }
    });
    app.use(async (context, next) => {
      if (context.path === "/hello") context.body = "hello";
      else await next();
    });
    const realtime = koaAdapter(server);
    app.use(realtime);
    const httpServer = app.listen(0, "127.0.0.1");
    realtime.attach(httpServer);
    return listening(httpServer, () => ended(httpServer));
  },
};

export const all: readonly (readonly [string, Framework])[] = Object.entries(frameworks);
