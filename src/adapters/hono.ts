import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import { Upgrades, type Served } from "./upgrades.ts";

/** What Hono hands to middleware, over `@hono/node-server`. */
export interface HonoContext {
  readonly env: unknown;
  readonly var: object;
}

/** Middleware of Hono that serves a server's endpoints. */
export interface HonoMiddleware {
  (context: HonoContext, next: () => Promise<void>): Promise<Response | void>;
  /**
   * Leads WebSocket handshakes through the application, too.
   *
   * @param httpServer what `serve()` of `@hono/node-server` returned
   * @returns the function that ends it
   */
  attach(httpServer: HttpServer): () => void;
}

/**
 * Serves a server's endpoints in a Hono application on Node, behind the middleware that is used before it.
 * `handshake.locals` is `c.var`, with the `context`.
 *
 * @throws {TypeError} from the middleware, where Hono does not run over `@hono/node-server`
 *
 * @example
 * ```ts
 * const server = createServer();
 * const app = new Hono();
 * const realtime = carillon(server);
 * app.use(realtime);
 * realtime.attach(serve({ fetch: app.fetch, port: 8080 }));
 * ```
 */
export function carillon(server: Served): HonoMiddleware {
  const upgrades = new Upgrades(server);
  const middleware = async (context: HonoContext, next: () => Promise<void>): Promise<Response | void> => {
    const { incoming, outgoing } = nodeOf(context);
    const locals = { ...context.var, context };
    if (!upgrades.take({ request: incoming, response: outgoing, locals })) return next();
    // The word between Hono and its Node server for an answer that was given past them; a clone, because the server's own
    // kind of response, which it may have put in the place of the global one, is written without a look at its headers.
    return new Response(null, { headers: { "x-hono-already-sent": "true" } }).clone();
  };
  return Object.assign(middleware, { attach: (httpServer: HttpServer) => upgrades.attach(httpServer) });
}

interface NodeBindings {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

function nodeOf({ env }: HonoContext): NodeBindings {
  const { incoming, outgoing } = (env ?? {}) as Partial<NodeBindings>;
  if (incoming && outgoing) return { incoming, outgoing };
  throw new TypeError("carillon/hono needs @hono/node-server: serve({ fetch: app.fetch })");
}
