import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Endpoints } from "./endpoints.ts";
import { abandon } from "./http-server.ts";

type Listener = (...args: unknown[]) => void;

/**
 * Puts endpoints before the listeners that an http server has already: our paths are ours, everything else goes on to them
 * unchanged.
 *
 * @returns the function that puts the listeners back
 */
export function attach(httpServer: HttpServer, endpoints: Endpoints): () => void {
  const requests = takeOver(httpServer, "request");
  const upgrades = takeOver(httpServer, "upgrade");

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const answer = endpoints.answer(request.url ?? "");
    if (!answer) {
      for (const listener of requests) listener.call(httpServer, request, response);
      return;
    }
    const { status, message, headers } = answer;
    response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", ...headers }).end(`${message}\n`);
  };

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (endpoints.upgrade(request, socket, head)) return;
    for (const listener of upgrades) listener.call(httpServer, request, socket, head);
    // Listeners that came after us see it too; when there is nobody at all, the client should not wait.
    if (upgrades.length === 0 && httpServer.listenerCount("upgrade") <= 1) abandon(socket);
  };

  httpServer.on("request", onRequest);
  httpServer.on("upgrade", onUpgrade);
  return () => {
    httpServer.off("request", onRequest);
    httpServer.off("upgrade", onUpgrade);
    for (const listener of requests) httpServer.on("request", listener);
    for (const listener of upgrades) httpServer.on("upgrade", listener);
  };
}

function takeOver(httpServer: HttpServer, event: "request" | "upgrade"): readonly Listener[] {
  const listeners = httpServer.listeners(event) as Listener[];
  for (const listener of listeners) httpServer.off(event, listener);
  return listeners;
}
