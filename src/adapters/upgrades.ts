import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Locals } from "../engine/handshake.ts";
import { listenBefore } from "../server/listen-before.ts";
import { answerUnwanted, responseOver } from "../server/plain-upgrade.ts";
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

/** A handshake on its way through the framework. */
interface Waiting {
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly release: () => void;
}

/**
 * Leads WebSocket handshakes through a framework as if they were requests, so that its sessions and its authentication see
 * them; what arrives at {@link take} becomes a WebSocket.
 */
export class Upgrades {
  readonly #server: Served;
  readonly #waiting = new WeakMap<IncomingMessage, Waiting>();
  #isAttached = false;

  /** @throws {TypeError} without a server */
  constructor(server: Served) {
    if (typeof server?.upgrade !== "function") throw new TypeError("carillon needs what createServer() returned");
    this.#server = server;
  }

  /**
   * Takes a request, or a handshake, if its path is one of the server's.
   *
   * @returns `false` when it is not
   * @throws {Error} when the application leads requests here in a way that cannot work
   */
  take({ request, response, locals }: Led): boolean {
    const upgrade = this.#waiting.get(request);
    if (!upgrade) {
      const mistake = this.#mistake(request);
      if (mistake !== undefined && this.#server.owns(request)) throw new Error(mistake);
      return this.#server.request(request, response, locals);
    }
    const { socket, head, release } = upgrade;
    this.#waiting.delete(request);
    release();
    return this.#server.upgrade(request, socket, head, locals);
  }

  /**
   * Hears the handshakes of an http server whose requests go to the framework; those of other paths are left to the
   * listeners that were there before.
   *
   * @returns the function that puts everything back
   */
  attach(httpServer: HttpServer): () => void {
    this.#isAttached = true;
    return listenBefore<[IncomingMessage, Duplex, Buffer]>(httpServer, {
      event: "upgrade",
      take: (request, socket, head) => {
        if (!this.#server.owns(request)) return false;
        const { response, release } = responseOver(request, socket);
        this.#waiting.set(request, { socket, head, release });
        httpServer.emit("request", request, response);
        return true;
      },
      nobody: (request, socket) => answerUnwanted(httpServer, request, socket),
    });
  }

  #mistake({ readableDidRead, headers: { connection = "", upgrade } }: IncomingMessage): string | undefined {
    if (readableDidRead) return "the body of a request was read before it came to carillon; use it before body parsers";
    if (this.#isAttached || upgrade?.toLowerCase() !== "websocket" || !/\bupgrade\b/i.test(connection))
      return undefined;
    return "WebSocket handshakes do not reach carillon; hand what listens to the attach() of its middleware";
  }
}
