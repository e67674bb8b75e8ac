import type { HandshakeFault, Refusal } from "../dialect.ts";

/** How the original turns a handshake down; the bodies have no line feed. */
export function aoRefusal(fault: HandshakeFault, method: string): Refusal {
  if (method !== "GET" && method !== "HEAD") return refusal(405, "Method Not Allowed", { Allow: "GET, HEAD" });
  if (fault === "origin") return refusal(403, "Forbidden");
  return refusal(426, "Upgrade Required", {
    Upgrade: "websocket",
    // Without "close" Node would keep the connection, whatever the client asked for.
    Connection: "Upgrade, close",
    "Sec-WebSocket-Version": "13",
  });
}

/** After `shutdown()`. */
export const shutDown: Refusal = refusal(503, "Service Unavailable");

function refusal(status: number, message: string, headers?: Readonly<Record<string, string>>): Refusal {
  return { kind: "refuse", status, message, body: message, ...(headers && { headers }) };
}
