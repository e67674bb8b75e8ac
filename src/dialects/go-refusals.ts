import type { HandshakeFault, Refusal } from "./dialect.ts";

/** How the WebSocket library of most Go servers turns a handshake down; its clients and proxies know it. */
export function goRefusal(fault: HandshakeFault): Refusal {
  if (fault === "method") return refusal(405, "Method Not Allowed");
  if (fault === "origin") return refusal(403, "Forbidden");
  return refusal(400, "Bad Request");
}

function refusal(status: number, message: string): Refusal {
  const headers = { "Sec-WebSocket-Version": "13", "X-Content-Type-Options": "nosniff" };
  return { kind: "refuse", status, message, headers };
}
