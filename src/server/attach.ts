import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Endpoints } from "./endpoints.ts";
import { listenBefore } from "./listen-before.ts";
import { answerUnwanted } from "./plain-upgrade.ts";

/**
 * Puts endpoints before the listeners that an http server has already: our paths are ours, everything else goes on to them
 * unchanged.
 *
 * @returns the function that puts the listeners back
 */
export function attach(httpServer: HttpServer, endpoints: Endpoints): () => void {
  const detachers = [
    listenBefore<[IncomingMessage, ServerResponse]>(httpServer, {
      event: "request",
      take: (request, response) => endpoints.request(request, response),
      nobody: (_request, response) => response.writeHead(404).end(),
    }),
    // Without a listener Node asks for the body before anybody has looked at how long it is.
    listenBefore<[IncomingMessage, ServerResponse]>(httpServer, {
      event: "checkContinue",
      take: (request, response) => endpoints.request(request, response, { isExpected: true }),
      nobody(request, response) {
        response.writeContinue();
        httpServer.emit("request", request, response);
      },
    }),
    listenBefore<[IncomingMessage, Duplex, Buffer]>(httpServer, {
      event: "upgrade",
      take: (request, socket, head) => endpoints.upgrade(request, socket, head),
      nobody: (request, socket) => answerUnwanted(httpServer, request, socket),
    }),
  ];
  return () => {
    for (const detach of detachers) detach();
  };
}
