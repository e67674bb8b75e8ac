import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { HandshakeFault, Refusal } from "../../dialects/dialect.ts";
import { rawHeader } from "../raw-header.ts";

/** What is wrong with a handshake, and how that is said unless the dialect has words of its own. */
export interface FaultyHandshake {
  readonly fault: HandshakeFault;
  readonly refusal: Refusal;
}

/** What is wrong with a WebSocket handshake before any dialect looks at it. */
export function handshakeFault({
  method,
  rawHeaders,
}: Pick<IncomingMessage, "method" | "rawHeaders">): FaultyHandshake | undefined {
  if (rawHeader(rawHeaders, "upgrade")?.toLowerCase() !== "websocket") {
    return faulty("upgrade", 400, "the only upgrade here is websocket");
  }
  if (method !== "GET") return faulty("method", 405, "a WebSocket handshake is a GET", { Allow: "GET" });
  // Version 8 is what `ws` would take too; it is not RFC 6455.
  if (rawHeader(rawHeaders, "sec-websocket-version") !== "13") {
    return faulty("version", 426, "only WebSocket version 13 is spoken here", { "Sec-WebSocket-Version": "13" });
  }
  // 16 bytes in base64.
  if (!/^[A-Za-z0-9+/]{22}==$/.test(rawHeader(rawHeaders, "sec-websocket-key") ?? "")) {
    return faulty("key", 400, "Sec-WebSocket-Key must be 16 bytes in base64");
  }
  return undefined;
}

function faulty(
  fault: HandshakeFault,
  status: number,
  message: string,
  headers?: Readonly<Record<string, string>>,
): FaultyHandshake {
  return { fault, refusal: { kind: "refuse", status, message, ...(headers && { headers }) } };
}

/**
 * Turns an upgrade down: an HTTP answer, then the end of the socket.
 *
 * @param method the request's; the answer to a HEAD has no body
 */
export function refuseUpgrade(
  socket: Duplex,
  { status, message, headers, body = `${message}\n` }: Omit<Refusal, "kind">,
  method: string | undefined,
): void {
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
