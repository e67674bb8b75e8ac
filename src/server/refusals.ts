import type { HandshakeFault, Refusal } from "../dialects/dialect.ts";
import type { Fault } from "../transports/http/exchange.ts";
import type { Mounted } from "./places.ts";

export const senseless: Fault = { status: 400, message: "the request's target or headers make no sense" };
export const stopping: Fault = { status: 503, message: "the server is stopping", headers: { "Retry-After": "1" } };

export const onlyWebSockets: Refusal = {
  kind: "refuse",
  status: 426,
  message: "this is a WebSocket endpoint; connect with a WebSocket",
  // Without "close" Node would keep the connection, whatever the client asked for.
  headers: { Upgrade: "websocket", Connection: "Upgrade, close" },
};

/** What is wrong with a handshake, as the dialect says it, if it has words of its own. */
export function inOwnWords(
  { endpoint }: Mounted,
  fault: HandshakeFault,
  { method = "" }: { readonly method?: string | undefined },
  refusal: Refusal,
): Refusal {
  return endpoint.refuse?.(fault, method) ?? refusal;
}
