import { ServerResponse, type IncomingMessage, type Server as HttpServer } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { abandon, endWholly } from "./http-server.ts";

/** Hands an upgrade to those who hear an http server's requests; what they answer ends it. */
export function leadAsRequest(httpServer: HttpServer, request: IncomingMessage, socket: Duplex): void {
  // A socket that breaks before anybody listens would end the process.
  socket.on("error", () => undefined);
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Socket);
  response.once("finish", () => {
    response.detachSocket(socket as Socket);
    endWholly(socket);
  });
  httpServer.emit("request", request, response);
}

/**
 * Answers an upgrade that nobody takes as Node does where nobody hears upgrades: as the request that it is, too. Some clients
 * ask with every request whether the server knows HTTP/2.
 */
export function answerUnwanted(httpServer: HttpServer, request: IncomingMessage, socket: Duplex): void {
  const { "content-length": length = "0", "transfer-encoding": encoding } = request.headers;
  // Node has not read the body, and will not.
  if (encoding !== undefined || length !== "0") abandon(socket);
  else leadAsRequest(httpServer, request, socket);
}
