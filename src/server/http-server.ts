import { createServer as createPlainServer, type RequestListener, type Server as HttpServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Duplex } from "node:stream";
import { CarillonError } from "../errors/carillon-error.ts";
import { ReadableRequest } from "./readable-request.ts";

/** A certificate and its key, in PEM. */
export interface TlsOptions {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

/** Where a server listens. */
export interface ListenOptions {
  /**
   * `0`: any free port.
   *
   * @default 0
   */
  readonly port?: number;
  /**
   * The address to listen on; without one, all of them.
   *
   * @default "::"
   */
  readonly host?: string;
  /** Serve https and wss instead of http and ws. */
  readonly tls?: TlsOptions;
}

/** Where a server came to listen. */
export interface Listening {
  readonly port: number;
  readonly host: string;
  /** What a browser would open. */
  readonly url: string;
}

/** Most of a request's path and of the names and values of its headers, in bytes; more is answered with 431. */
const maxHeaderBytes = 16_384;

/**
 * An http or https server that does not wait for ever.
 *
 * @throws {CarillonError} `option-invalid` when the certificate and key cannot be used
 */
export function createHttpServer(tls: TlsOptions | undefined, answer: RequestListener): HttpServer {
  const options = {
    IncomingMessage: ReadableRequest,
    // Node refuses what is as long as this already.
    maxHeaderSize: maxHeaderBytes + 1,
    headersTimeout: 10_000,
    requestTimeout: 15_000,
    connectionsCheckingInterval: 1_000,
  };
  // Node would listen, and fail every handshake.
  if (tls && !(tls.cert && tls.key)) throw new CarillonError("option-invalid", { message: "tls needs cert and key" });
  let server: HttpServer;
  try {
    server = tls ? createTlsServer({ ...options, ...tls }, answer) : createPlainServer(options, answer);
  } catch (cause) {
    throw new CarillonError("option-invalid", { message: `tls: ${(cause as Error).message}`, cause });
  }
  // Zero: none is dropped in silence; the number of headers is bounded by their size.
  server.maxHeadersCount = 0;
  return server;
}

const listenNames: Readonly<Record<keyof ListenOptions, true>> = { port: true, host: true, tls: true };

/** A port as text, or under another name, would leave the choice to the system. @throws {CarillonError} `option-invalid` */
export function listenOptions(where: number | ListenOptions): ListenOptions {
  if (typeof where === "number") return { port: where };
  const isFine =
    typeof where === "object" && where !== null && Object.keys(where).every((name) => Object.hasOwn(listenNames, name));
  if (isFine) return where;
  throw new CarillonError("option-invalid", {
    message: `listen takes a port, which is a number, or an object of ${Object.keys(listenNames).join(", ")}`,
  });
}

/** @throws {CarillonError} `listen-failed`, `option-invalid` */
export function listen(server: HttpServer, { port = 0, host, tls }: ListenOptions): Promise<Listening> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    return Promise.reject(new CarillonError("option-invalid", { message: "port must be a number from 0 to 65535" }));
  }
  // Node takes an empty one for none.
  if (host !== undefined && (typeof host !== "string" || host === "")) {
    return Promise.reject(new CarillonError("option-invalid", { message: "host must be an address or a host name" }));
  }
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException): void => {
      reject(new CarillonError("listen-failed", { message: explain(cause, port, host), cause }));
    };
    server.once("error", failed);
    server.listen({ port, ...(host !== undefined && { host }) }, () => {
      server.off("error", failed);
      const address = server.address();
      if (typeof address !== "object" || address === null) return;
      const shown = host === undefined || host === "0.0.0.0" || host === "::" ? "localhost" : host;
      const authority = shown.includes(":") ? `[${shown}]` : shown;
      const url = `${tls ? "https" : "http"}://${authority}:${address.port}/`;
      resolve({ port: address.port, host: address.address, url });
    });
  });
}

/** Stops listening, and ends all connections that are no WebSockets. */
export function shut(server: HttpServer): void {
  server.close();
  server.closeAllConnections();
}

/** Ends an upgrade that nobody wants. */
export function abandon(socket: Duplex): void {
  socket.on("error", () => undefined);
  endWholly(socket, "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
}

/** Ends both halves: a client that keeps its own open would keep the socket. */
export function endWholly(socket: Duplex, last = ""): void {
  socket.once("finish", () => socket.destroy());
  socket.end(last);
}

function explain({ code, message }: NodeJS.ErrnoException, port: number, host: string | undefined): string {
  if (code === "EADDRINUSE") return `port ${port} is in use; choose another one, or 0 for any free one`;
  if (code === "EACCES") return `not allowed to listen on port ${port}; choose one above 1023`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") return `"${host}" is no address of this machine`;
  return message;
}
