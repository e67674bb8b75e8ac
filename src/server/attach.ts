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
  const expecting = takeOver(httpServer, "checkContinue");
  const upgrades = takeOver(httpServer, "upgrade");

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    if (endpoints.request(request, response)) return;
    for (const listener of requests) listener.call(httpServer, request, response);
  };

  // Without a listener Node asks for the body before anybody has looked at how long it is.
  const onCheckContinue = (request: IncomingMessage, response: ServerResponse): void => {
    if (endpoints.request(request, response, { isExpected: true })) return;
    for (const listener of expecting) listener.call(httpServer, request, response);
    if (expecting.length > 0) return;
    response.writeContinue();
    httpServer.emit("request", request, response);
  };

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (endpoints.upgrade(request, socket, head)) return;
    for (const listener of upgrades) listener.call(httpServer, request, socket, head);
    // Listeners that came after us see it too; when there is nobody at all, the client should not wait.
    if (upgrades.length === 0 && httpServer.listenerCount("upgrade") <= 1) abandon(socket);
  };

  httpServer.on("request", onRequest);
  httpServer.on("checkContinue", onCheckContinue);
  httpServer.on("upgrade", onUpgrade);
  return () => {
    httpServer.off("request", onRequest);
    httpServer.off("checkContinue", onCheckContinue);
    httpServer.off("upgrade", onUpgrade);
    for (const listener of requests) httpServer.on("request", listener);
    for (const listener of expecting) httpServer.on("checkContinue", listener);
    for (const listener of upgrades) httpServer.on("upgrade", listener);
  };
}

function takeOver(httpServer: HttpServer, event: "request" | "checkContinue" | "upgrade"): readonly Listener[] {
  const listeners = httpServer.listeners(event) as Listener[];
  for (const listener of listeners) httpServer.off(event, listener);
  return listeners;
}
