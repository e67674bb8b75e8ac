import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Server } from "../server/server.ts";
import { Upgrades, type Served } from "./upgrades.ts";

/** What the plugin needs of a Fastify application. */
export interface FastifyLike {
  readonly server: HttpServer;
  addHook(
    name: "onRequest",
    hook: (request: { readonly raw: IncomingMessage }, reply: FastifyReplyLike) => Promise<unknown>,
  ): unknown;
  addHook(name: "onReady" | "preClose", hook: () => Promise<void>): unknown;
}

/** What the plugin needs of a reply. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  hijack(): unknown;
}

/** What the plugin is registered with. */
export interface FastifyOptions {
  readonly server: Served & Pick<Server<never, never>, "attach" | "close" | "isReady">;
}

/**
 * Serves a server's endpoints in a Fastify application, behind the hooks that are added before it, and closes the server
 * with the application. `handshake.locals` has the `request`.
 *
 * @example
 * ```ts
 * const server = createServer();
 * const app = fastify();
 * await app.register(carillon, { server });
 * await app.listen({ port: 8080 });
 * ```
 */
export async function carillon(app: FastifyLike, { server }: FastifyOptions): Promise<void> {
  const upgrades = new Upgrades(server);
  let detach: (() => void) | undefined;
  app.addHook("onRequest", async (request, reply) => {
    if (!server.owns(request.raw)) return undefined;
    reply.hijack();
    upgrades.take({ request: request.raw, response: reply.raw, locals: { request } });
    return reply;
  });
  // Later, because plugins that hear handshakes themselves do so when they are ready.
  app.addHook("onReady", async () => {
    detach = upgrades.attach(app.server);
  });
  // Not later: what comes then waits until all connections have ended, ours too.
  app.addHook("preClose", async () => {
    // Fastify answers nothing but 503 from here on, and clients that poll have yet to fetch their last messages.
    if (server.isReady) server.attach(app.server);
    await server.close();
    detach?.();
  });
}

// Fastify's word for a plugin whose hooks are the application's own, and not those of a part of it.
Object.assign(carillon, { [Symbol.for("skip-override")]: true, [Symbol.for("fastify.display-name")]: "carillon" });
