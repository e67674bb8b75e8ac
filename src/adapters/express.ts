import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import { Upgrades, type Served } from "./upgrades.ts";

/** What Express and Connect hand to middleware. */
export interface ExpressRequest extends IncomingMessage {
  /** The target as it came; `url` is what is left of it below the path that the middleware is used at. */
  readonly originalUrl?: string;
}

/** What Express and Connect hand to middleware. */
export interface ExpressResponse extends ServerResponse {
  readonly locals?: Readonly<Record<string, unknown>>;
}

/** Middleware of Express and Connect that serves a server's endpoints. */
export interface ExpressMiddleware {
  (request: ExpressRequest, response: ExpressResponse, next: (error?: unknown) => void): void;
  /**
   * Leads WebSocket handshakes through the application, too.
   *
   * @param httpServer what `app.listen()` returned
   * @returns the function that ends it
   */
  attach(httpServer: HttpServer): () => void;
}

/**
 * Serves a server's endpoints in an Express application, behind the middleware that is used before it: sessions and
 * authentication see WebSocket handshakes as they see requests. `handshake.locals` is `res.locals`, with the `request`.
 *
 * @example
 * ```ts
 * const server = createServer();
 * const app = express();
 * const realtime = carillon(server);
 * app.use(realtime);
 * realtime.attach(app.listen(8080));
 * ```
 */
export function carillon(server: Served): ExpressMiddleware {
  const upgrades = new Upgrades(server);
  const middleware = (request: ExpressRequest, response: ExpressResponse, next: (error?: unknown) => void): void => {
    const { url } = request;
    request.url = request.originalUrl ?? url;
    if (upgrades.take({ request, response, locals: { ...response.locals, request } })) return;
    request.url = url;
    next();
  };
  return Object.assign(middleware, { attach: (httpServer: HttpServer) => upgrades.attach(httpServer) });
}
