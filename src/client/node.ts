import type { SecureContextOptions } from "node:tls";
import { WebSocket as NodeWebSocket, type ClientOptions } from "ws";
import type { Transport } from "./transports/transport.ts";
import { openLink } from "./transports/websocket.ts";

/** A larger frame from the server closes the connection with 1009. */
const maxFrameBytes = 4 * 1024 * 1024;

/** How the transport over the package `ws` connects. */
export interface NodeWebSocketOptions {
  /** Sent with the upgrade request, which browsers cannot do. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * How long the upgrade may take; the client's `connectTimeoutMs` ends it too.
   *
   * @default undefined // no deadline of its own
   */
  readonly handshakeTimeoutMs?: number;
  /**
   * Offers permessage-deflate. It saves bytes where messages are long and alike, and costs memory and time at both ends.
   *
   * @default false
   */
  readonly compress?: boolean;
  /** Certificates. The server's is always checked: against `ca` when that is given, else against Node's own list. */
  readonly tls?: NodeTlsOptions;
}

/** Certificates, for Node. */
export interface NodeTlsOptions extends Pick<SecureContextOptions, "ca" | "cert" | "key"> {
  /** The name that the server's certificate must have, when it is not the host of the URL. */
  readonly servername?: string;
}

/**
 * The transport over the package `ws`, for Node: it sends headers and brings its own certificates.
 *
 * @example
 * ```ts
 * const client = createClient("wss://example.com/carillon", {
 *   transports: [nodeWebSocket({ headers: { authorization: "Bearer t-123" } })],
 * });
 * ```
 */
export function nodeWebSocket(options: NodeWebSocketOptions = {}): Transport {
  const { ca, cert, key, servername } = options.tls ?? {};
  // Picked one by one, so that nothing which weakens TLS can come along.
  const settings: ClientOptions & { readonly servername?: string } = {
    perMessageDeflate: options.compress ?? false,
    maxPayload: maxFrameBytes,
    headers: { ...options.headers },
    handshakeTimeout: options.handshakeTimeoutMs,
    ca,
    cert,
    key,
    ...(servername !== undefined && { servername }),
  };
  return {
    name: "websocket",
    connect: (request) =>
      // `ws` has the members of the platform's WebSocket that are used, under types of its own.
      openLink(
        () => new NodeWebSocket(request.url, request.codec.subprotocol, settings) as unknown as WebSocket,
        request,
      ),
  };
}
