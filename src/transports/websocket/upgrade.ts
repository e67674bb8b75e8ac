import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Refusal } from "../../dialects/dialect.ts";

/** What is wrong with a WebSocket handshake before any dialect looks at it. */
export function handshakeFault({ method, headers }: IncomingMessage): Refusal | undefined {
  if (method !== "GET") {
    return { kind: "refuse", status: 405, message: "a WebSocket handshake is a GET", headers: { Allow: "GET" } };
  }
  if (headers.upgrade?.toLowerCase() !== "websocket") {
    return { kind: "refuse", status: 400, message: "the only upgrade here is websocket" };
  }
  // Version 8 is what `ws` would take too; it is not RFC 6455.
  if (headers["sec-websocket-version"] !== "13") {
    const headers = { "Sec-WebSocket-Version": "13" };
    return { kind: "refuse", status: 426, message: "only WebSocket version 13 is spoken here", headers };
  }
  return undefined;
}

/**
 * Turns an upgrade down: an HTTP answer, then the end of the socket.
 *
 * @param method the request's; the answer to a HEAD has no body
 */
export function refuseUpgrade(
  socket: Duplex,
  { status, message, headers }: Omit<Refusal, "kind">,
  method: string | undefined,
): void {
  const body = `${message}\n`;
  const lines = Object.entries({
    Connection: "close",
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": String(Buffer.byteLength(body)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.once("finish", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n${method === "HEAD" ? "" : body}`,
  );
}
