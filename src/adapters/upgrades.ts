import { ServerResponse, type IncomingMessage, type Server as HttpServer } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Locals } from "../engine/handshake.ts";
import type { Server } from "../server/server.ts";

/** What an adapter needs of a server. */
export type Served = Pick<Server<never, never>, "owns" | "request" | "upgrade">;

/** A request that a framework has led to us. */
export interface Led {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What the framework knows of it. */
  readonly locals: Locals;
}

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * Leads WebSocket handshakes through a framework as if they were requests, so that its sessions and its authentication see
 * them; what arrives at {@link take} becomes a WebSocket.
 */
export class Upgrades {
  readonly #server: Served;
  readonly #waiting = new WeakMap<IncomingMessage, { readonly socket: Duplex; readonly head: Buffer }>();

  constructor(server: Served) {
    this.#server = server;
  }

  /** Takes a request, or a handshake, if its path is one of the server's. @returns `false` when it is not */
  take({ request, response, locals }: Led): boolean {
    const upgrade = this.#waiting.get(request);
    if (!upgrade) return this.#server.request(request, response, locals);
    const { socket, head } = upgrade;
    this.#waiting.delete(request);
    response.detachSocket(socket as Socket);
    return this.#server.upgrade(request, socket, head, locals);
  }

  /**
   * Hears the handshakes of an http server whose requests go to the framework; those of other paths are left to the
   * listeners that were there before.
   *
   * @returns the function that puts everything back
   */
  attach(httpServer: HttpServer): () => void {
    const others = httpServer.listeners("upgrade") as UpgradeListener[];
    for (const other of others) httpServer.off("upgrade", other);
    const lead: UpgradeListener = (request, socket, head) => {
      if (this.#server.owns(request)) this.#lead(httpServer, { request, socket, head });
      else for (const other of others) other.call(httpServer, request, socket, head);
    };
    httpServer.on("upgrade", lead);
    return () => {
      httpServer.off("upgrade", lead);
      for (const other of others) httpServer.on("upgrade", other);
    };
  }

  #lead(
    httpServer: HttpServer,
    { request, socket, head }: { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
  ): void {
    // A socket that breaks before anybody listens would end the process.
    socket.on("error", () => undefined);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Socket);
    this.#waiting.set(request, { socket, head });
    // The framework has turned it down.
    response.once("finish", () => {
      response.detachSocket(socket as Socket);
      socket.end();
    });
    httpServer.emit("request", request, response);
  }
}
