import type { CarillonError } from "../errors/carillon-error.ts";
import { closeCodes } from "../errors/close-codes.ts";
import type { HandshakeFault, Refusal } from "./dialect.ts";

/** How the WebSocket library of most Go servers turns a handshake down; its clients and proxies know it. */
export function goRefusal(fault: HandshakeFault): Refusal {
  const headers = { "Sec-WebSocket-Version": "13" };
  if (fault === "method") return textRefusal(405, "Method Not Allowed", headers);
  if (fault === "origin") return textRefusal(403, "Forbidden", headers);
  return textRefusal(400, "Bad Request", headers);
}

/** A line of text, which nobody should take for anything else. */
export function textRefusal(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Refusal {
  return { kind: "refuse", status, message, headers: { ...headers, "X-Content-Type-Options": "nosniff" } };
}

/** With which code a client is closed that is turned away on an open WebSocket; with 1008 it stays away. */
export function turnedAwayWith({ temporary }: CarillonError): number {
  return (temporary ? closeCodes.unavailable : closeCodes["policy-violation"]).code;
}
