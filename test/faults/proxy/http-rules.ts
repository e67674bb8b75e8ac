import type { IncomingMessage } from "node:http";

/** Which requests a rule means; what is absent fits anything. */
export interface RequestMatch {
  /** `UPGRADE` for handshakes, which nothing else fits. */
  readonly method?: string;
  /** A part of the path with its query. */
  readonly path?: string;
}

/** What is done with a request, or with the answer to it. */
export type HttpAction =
  | { readonly kind: "delay"; readonly ms: number }
  /** The server gets it twice; the client gets one of the answers, the first one's by default. */
  | { readonly kind: "duplicate"; readonly ms?: number; readonly answer?: "first" | "second" }
  /** It waits until the next one under this rule has gone, or for so long. */
  | { readonly kind: "reorder"; readonly maxMs: number }
  /** The server gets it again, that much later; nobody gets that answer. */
  | { readonly kind: "replay"; readonly ms: number }
  /** The server never gets it, and the client's connection is cut. */
  | { readonly kind: "drop-request" }
  /** The server has answered; the client's connection is cut before the first byte of it. */
  | { readonly kind: "drop-response" }
  /** The proxy answers by itself; with `isHandled` after the server has, too. */
  | { readonly kind: "answer"; readonly status: number; readonly body?: string; readonly isHandled?: true }
  /** The connection is cut after so many bytes of the answer's body. */
  | { readonly kind: "cut-body"; readonly bytes: number }
  /** The answer's body is held back until so many bytes have come, or its end. */
  | { readonly kind: "buffer"; readonly bytes: number }
  /** Only for handshakes: they become plain requests. */
  | { readonly kind: "strip-upgrade" };

/** A request that was taken as a whole. */
export interface Asked {
  readonly link: number;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

export function fitsRequest(match: RequestMatch, { method, path }: Pick<Asked, "method" | "path">): boolean {
  if (match.method === undefined ? method === "UPGRADE" : match.method !== method) return false;
  return match.path === undefined || path.includes(match.path);
}

/** What one connection has to itself. @see RFC 9110, section 7.6.1 */
const hopByHop: ReadonlySet<string> = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade"]);

/** Names and values in turn, without those that concern one connection only. */
export function endToEnd(rawHeaders: readonly string[]): readonly string[] {
  return rawHeaders.filter((_, at) => !hopByHop.has(rawHeaders[at - (at % 2)]!.toLowerCase()));
}

/** Everything that a request or an answer carries. */
export async function whole(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** An answer after which the connection ends. */
export function ended(status: number, body: string): string {
  const head = [`HTTP/1.1 ${status} ${status}`, "Connection: close", `Content-Length: ${Buffer.byteLength(body)}`];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}
