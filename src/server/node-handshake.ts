import type { IncomingMessage } from "node:http";
import type { Handshake } from "../engine/handshake.ts";

/** Headers whose second value could make two readers of one request disagree. */
const singular = ["host", "origin", "sec-websocket-key"];

/** The facts of a Node request, or `undefined` when its headers make no sense. */
export function nodeHandshake(request: IncomingMessage): Handshake | undefined {
  const { rawHeaders, socket } = request;
  const target = request.url ?? "";
  const secure = "encrypted" in socket && socket.encrypted === true;
  const host = request.headers.host ?? "";
  const base = `${secure ? "https" : "http"}://${host}`;
  if (!target.startsWith("/") || !/^[^\s/@?#\\]+$/.test(host) || !URL.canParse(base)) return undefined;
  if (singular.some((name) => rawHeaders.filter((raw, at) => at % 2 === 0 && raw.toLowerCase() === name).length > 1)) {
    return undefined;
  }
  return new NodeHandshake(request, base, secure);
}

/** Most clients' headers and addresses are never looked at, so they are made on demand. */
class NodeHandshake implements Handshake {
  readonly method: string;
  readonly path: string;
  readonly rawHeaders: readonly string[];
  readonly ip: string;
  readonly secure: boolean;
  readonly #base: string;
  readonly #target: string;
  #url: URL | undefined;
  #headers: Headers | undefined;

  constructor(request: IncomingMessage, base: string, secure: boolean) {
    this.method = request.method ?? "";
    this.#target = request.url ?? "";
    this.#base = base;
    this.path = pathOf(this.#target);
    this.rawHeaders = request.rawHeaders;
    this.ip = request.socket.remoteAddress ?? "";
    this.secure = secure;
  }

  get url(): URL {
    // Concatenated, because a target such as `//evil` would replace the host when resolved.
    return (this.#url ??= new URL(this.#base + this.#target));
  }

  get headers(): Headers {
    if (this.#headers) return this.#headers;
    const headers = new Headers();
    for (let at = 0; at + 1 < this.rawHeaders.length; at += 2) {
      headers.append(this.rawHeaders[at]!, this.rawHeaders[at + 1]!);
    }
    return (this.#headers = headers);
  }
}

/** Everything before the query, byte for byte. */
export function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}
