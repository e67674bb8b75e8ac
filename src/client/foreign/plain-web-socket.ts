import type { Transport } from "../transports/transport.ts";
import { openLink, type WebSocketOptions } from "../transports/websocket.ts";

/** The platform's WebSocket without a subprotocol, which servers of other languages do not know. */
export function plainWebSocket(options: WebSocketOptions = {}): Transport {
  return {
    name: "websocket",
    connect: (request) => openLink(() => new (options.WebSocket ?? globalThis.WebSocket)(request.url), request),
  };
}
