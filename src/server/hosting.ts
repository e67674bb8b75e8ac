import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Handshake, Locals } from "../engine/handshake.ts";
import type { Wire, WireHandler } from "../engine/ports/wire.ts";
import type { Endpoints } from "./endpoints.ts";

/** For adapters: what a server can be handed one by one. */
export interface Hosting {
  /** Whether the path of a request, or of a handshake, is one of its endpoints'. */
  owns(request: IncomingMessage): boolean;

  /**
   * Answers a plain request.
   *
   * @param locals what is known of the request already, for `handshake.locals`
   * @returns `false` when the path is not one of its endpoints'
   */
  request(request: IncomingMessage, response: ServerResponse, locals?: Locals): boolean;

  /**
   * Takes an upgrade.
   *
   * @param locals as for `request`
   * @returns `false` when the path is not one of its endpoints'; the socket is untouched
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, locals?: Locals): boolean;

  /**
   * For other runtimes and tests: begins a session on an open wire of your own. `admission` and `messageRate` hold for it as
   * for all others; it is counted by `handshake.ip` unless that is empty. Whether its page's origin is welcome, and how long
   * a message may be, is for you to say.
   *
   * @throws {CarillonError} rejects with `option-invalid` for a path without an endpoint, `rate-limited` when there is no room
   * now, `forbidden` when the dialect refuses the handshake or the server stops
   */
  accept(wire: Wire, handshake: Handshake): Promise<WireHandler>;
}

export function hosting(endpoints: Endpoints): Hosting {
  return {
    owns: (request) => endpoints.owns(request),
    request: (request, response, locals) => endpoints.request(request, response, { locals }),
    upgrade: (request, socket, head, locals) => endpoints.upgrade(request, socket, head, locals),
    accept: (wire, handshake) => endpoints.accept(wire, handshake),
  };
}
