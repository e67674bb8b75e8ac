import type { IncomingMessage } from "node:http";
import type { Handshake, Locals } from "../engine/handshake.ts";
import type { Fault } from "../transports/http/exchange.ts";
import { rawHeader } from "../transports/raw-header.ts";
import type { Origination } from "./client-address.ts";

/** So many header fields a request may have. */
const maxHeaders = 100;

/** What is wrong with a request's headers before anybody reads them. */
export function headersFault(request: IncomingMessage): Fault | undefined {
  const headers = { Connection: "close" };
  if (request.rawHeaders.length > maxHeaders * 2) {
    return { status: 431, message: `a request has at most ${maxHeaders} header fields`, headers };
  }
  return isReadable(request) ? undefined : { status: 400, message: "a header has a name that cannot be read", headers };
}

/** An application's own http server may have no `ReadableRequest`; what Node throws there must not come out of `ws`. */
function isReadable(request: IncomingMessage): boolean {
  try {
    return typeof request.headers === "object";
  } catch {
    return false;
  }
}

const noLocals: Locals = Object.freeze({});

/** Headers whose second value could make two readers of one request disagree. */
const singular = ["host", "origin", "sec-websocket-key"];

/**
 * The facts of a Node request, or `undefined` when its headers make no sense.
 *
 * @param addressOf finds the client's address
 * @param locals what the application attached to the request
 */
export function nodeHandshake(
  request: IncomingMessage,
  addressOf: (from: Origination) => string,
  locals: Locals = noLocals,
): Handshake | undefined {
  const { rawHeaders, socket } = request;
  const target = request.url ?? "";
  const secure = "encrypted" in socket && socket.encrypted === true;
  const host = rawHeader(rawHeaders, "host") ?? "";
  const base = `${secure ? "https" : "http"}://${host}`;
  if (!target.startsWith("/") || !/^[^\s/@?#\\]+$/.test(host) || !URL.canParse(`${base}/`)) return undefined;
  if (singular.some((name) => isRepeated(rawHeaders, name))) return undefined;
  const forwardedFor = rawHeader(rawHeaders, "x-forwarded-for");
  const ip = addressOf({ peer: socket.remoteAddress ?? "", forwardedFor });
  return new NodeHandshake(request, base, { ip, secure, locals });
}

function isRepeated(rawHeaders: readonly string[], name: string): boolean {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) if (isNamed(rawHeaders[at]!, name)) count += 1;
  return count > 1;
}

class NodeHandshake implements Handshake {
  readonly method: string;
  readonly path: string;
  readonly ip: string;
  readonly secure: boolean;
  readonly locals: Locals;
  /** In one piece: kept with the connection, and twenty small strings are three times the memory. */
  readonly #headers: string;
  readonly #base: string;
  readonly #target: string;

  constructor(
    request: IncomingMessage,
    base: string,
    { ip, secure, locals }: Pick<Handshake, "ip" | "secure" | "locals">,
  ) {
    this.method = request.method ?? "";
    this.#target = request.url ?? "";
    this.#base = base;
    this.path = pathOf(this.#target);
    this.#headers = request.rawHeaders.join("\n");
    this.ip = ip;
    this.secure = secure;
    this.locals = locals;
  }

  get url(): URL {
    // Concatenated, because a target such as `//evil` would replace the host when resolved.
    return new URL(this.#base + this.#target);
  }

  get rawHeaders(): readonly string[] {
    return this.#headers.split("\n");
  }

  get headers(): Headers {
    const headers = new Headers();
    const raw = this.rawHeaders;
    for (let at = 0; at + 1 < raw.length; at += 2) headers.append(raw[at]!, raw[at + 1]!);
    return headers;
  }

  header(name: string): string | undefined {
    return rawHeader(this.rawHeaders, name);
  }
}

function isNamed(raw: string, name: string): boolean {
  return raw.length === name.length && raw.toLowerCase() === name;
}

/** Everything before the query, byte for byte. */
export function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}
