import { request as requestHttp } from "node:http";
import { Agent, request as requestHttps } from "node:https";
import { WebSocket as NodeWebSocket, type ClientOptions } from "ws";
import { systemClock, type Clock } from "../../platform/clock.ts";
import type { NodeTlsOptions } from "../node.ts";
import { openLink } from "../transports/websocket.ts";
import type { SocketGoTransport } from "./link.ts";
import { socketGoPolling, type PollingAnswer, type SendRequest, type SocketGoPollingOptions } from "./polling.ts";

/** A larger message from the server ends the connection. */
const maxFrameBytes = 4 * 1024 * 1024;

/** What Node's transports can do that browsers cannot. */
export interface SocketGoNodeOptions {
  /**
   * Sent with the upgrade and with every polling request.
   *
   * @default {}
   */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Offers permessage-deflate, without context takeover.
   *
   * @default false
   */
  readonly compression?: boolean;
  /** Certificates. The server's is always checked: against `ca` when that is given, else against Node's own list. */
  readonly tls?: NodeTlsOptions;
  /** How the client polls; see {@link SocketGoPollingOptions}. */
  readonly polling?: Pick<SocketGoPollingOptions, "intervalMs" | "requestTimeoutMs">;
  /** Time, for tests. */
  readonly clock?: Clock;
}

/**
 * The transports over the package `ws` and Node's own requests: they send headers, bring their own certificates, and see the
 * server's pings.
 *
 * @example
 * ```ts
 * const transports = nodeTransports({ headers: { authorization: "Bearer t-123" } });
 * const client = createSocketGoClient("wss://example.com/socket", { transports });
 * ```
 */
export function nodeTransports(options: SocketGoNodeOptions = {}): readonly SocketGoTransport[] {
  const { headers = {}, compression = false, polling, clock = systemClock } = options;
  const { ca, cert, key, servername } = options.tls ?? {};
  // Picked one by one, so that nothing which weakens TLS can come along.
  const tls = { ca, cert, key, ...(servername !== undefined && { servername }) };
  return [
    webSocketTransport({
      ...tls,
      headers: { ...headers },
      maxPayload: maxFrameBytes,
      perMessageDeflate: compression && { serverNoContextTakeover: true, clientNoContextTakeover: true },
    }),
    socketGoPolling({ ...polling, headers, clock, send: sender(new Agent({ ...tls, keepAlive: true })) }),
  ];
}

function webSocketTransport(settings: ClientOptions): SocketGoTransport {
  return {
    name: "websocket",
    async connect(request) {
      let socket: NodeWebSocket | undefined;
      // `ws` has the members of the platform's WebSocket that are used, under types of its own.
      const link = await openLink(() => {
        socket = new NodeWebSocket(request.url, settings);
        return socket as unknown as WebSocket;
      }, request);
      return Object.assign(link, {
        onLife: (heard: () => void) => void socket?.on("ping", heard).on("pong", heard),
      });
    },
  };
}

/** @param agent for https; it knows the certificates */
function sender(agent: Agent): SendRequest {
  return (url, { method, headers, body, signal }) =>
    new Promise<PollingAnswer>((resolve, reject) => {
      const isSecure = url.startsWith("https:");
      const settings = { method, headers: { ...headers }, signal, ...(isSecure && { agent }) };
      const request = (isSecure ? requestHttps : requestHttp)(url, settings, (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (part: string) => (text += part));
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: text }));
        answer.on("error", reject);
      });
      request.on("error", reject);
      request.end(body);
    });
}
