import { ServerResponse, type IncomingMessage, type Server as HttpServer } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { abandon, endWholly } from "./http-server.ts";

/** A response to an upgrade. What is answered with it ends the socket. */
export interface Responding {
  readonly response: ServerResponse;
  /** Takes the socket back, for somebody who goes on with it. */
  readonly release: () => void;
}

/** Makes of an upgrade what those who hear an http server's requests can answer. */
export function responseOver(request: IncomingMessage, socket: Duplex): Responding {
  // A socket that breaks before anybody listens would end the process.
  socket.on("error", () => undefined);
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Socket);
  // What Node does about it for requests, it has taken off the socket: without it, long answers would stop in the middle.
  const drained = (): void => void response.emit("drain");
  socket.on("drain", drained);
  const release = (): void => {
    socket.off("drain", drained);
    response.detachSocket(socket as Socket);
  };
  response.once("finish", () => endWholly(socket));
  return { response, release };
}

/**
 * Answers an upgrade that nobody takes as Node does where nobody hears upgrades: as the request that it is, too. Some clients
 * ask with every request whether the server knows HTTP/2.
 */
export function answerUnwanted(httpServer: HttpServer, request: IncomingMessage, socket: Duplex): void {
  const { "content-length": length = "0", "transfer-encoding": encoding } = request.headers;
  // Node has not read the body, and will not.
  if (encoding !== undefined || length !== "0") {
    abandon(socket);
    return;
  }
  // Nobody else reads it: a client that goes away would not be noticed, and never let go of.
  socket.once("end", () => socket.end()).resume();
  socket.once("close", () => request.destroy());
  httpServer.emit("request", request, responseOver(request, socket).response);
}
