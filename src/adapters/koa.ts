import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import { Upgrades, type Served } from "./upgrades.ts";

/** What Koa hands to middleware. */
export interface KoaContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly state: object;
  respond?: boolean | undefined;
}

/** Middleware of Koa that serves a server's endpoints. */
export interface KoaMiddleware {
  (context: KoaContext, next: () => Promise<unknown>): Promise<void>;
  /**
   * Leads WebSocket handshakes through the application, too.
   *
   * @param httpServer what `app.listen()` returned
   * @returns the function that ends it
   */
  attach(httpServer: HttpServer): () => void;
}

/**
 * Serves a server's endpoints in a Koa application, behind the middleware that is used before it. `handshake.locals` is
 * `ctx.state`, with the `context`.
 *
 * @example
 * ```ts
 * const server = createServer();
 * const app = new Koa();
 * const realtime = carillon(server);
 * app.use(realtime);
 * realtime.attach(app.listen(8080));
 * ```
 */
export function carillon(server: Served): KoaMiddleware {
  const upgrades = new Upgrades(server);
  const middleware = async (context: KoaContext, next: () => Promise<unknown>): Promise<void> => {
    const { req: request, res: response, state } = context;
    if (upgrades.take({ request, response, locals: { ...state, context } })) context.respond = false;
    else await next();
  };
  return Object.assign(middleware, { attach: (httpServer: HttpServer) => upgrades.attach(httpServer) });
}
