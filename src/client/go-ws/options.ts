import { CarillonError } from "../../errors/carillon-error.ts";
import { systemClock, type Clock } from "../../platform/clock.ts";
import { readEndpoint } from "../endpoint.ts";
import { plainWebSocket } from "../foreign/plain-web-socket.ts";
import { checkWhole, readRedial, type RedialOptions } from "../foreign/redial.ts";
import type { RedialSettings } from "../foreign/redialing.ts";
import { maxTimerMs } from "../options.ts";
import type { Transport } from "../transports/transport.ts";

/** Where the server is, and how to talk with it. */
export interface EchoOptions {
  /**
   * The server, such as `https://example.com` or `example.com:8080`.
   *
   * @default the page's host
   */
  readonly url?: string;
  /**
   * Its path there.
   *
   * @default "/ws"
   */
  readonly path?: string;
  /**
   * Sent as `?token=`.
   *
   * @default undefined // no token
   */
  readonly token?: string;
  /** How to come back; `false`: not at all. A first try that fails is repeated too. */
  readonly reconnect?: false | RedialOptions;
  /**
   * How long a connection may take.
   *
   * @default 10_000 // 10 seconds
   */
  readonly handshakeTimeoutMs?: number;
  /**
   * Replaces the platform's WebSocket.
   *
   * @default [WebSocket]
   */
  readonly transports?: readonly Transport[];
  /** Time, for tests. */
  readonly clock?: Clock;
}

/** @throws {CarillonError} `option-invalid` */
export function readEchoOptions(options: EchoOptions): RedialSettings {
  const { path = "/ws", token, handshakeTimeoutMs = 10_000, clock = systemClock } = options;
  checkWhole("handshakeTimeoutMs", handshakeTimeoutMs, 1, maxTimerMs);
  const query = token === undefined ? "" : `?token=${encodeURIComponent(token)}`;
  return {
    url: readEndpoint(`${serverOf(options.url)}${path}${query}`),
    transports: options.transports ?? [plainWebSocket()],
    reconnect: readRedial(options.reconnect),
    handshakeTimeoutMs,
    isPersistent: true,
    clock,
  };
}

/** The server with a scheme; without one it is the page's. */
function serverOf(url: string | undefined): string {
  const { location } = globalThis;
  const server = (url ?? location?.host)?.replace(/\/+$/, "");
  if (server === undefined) throw new CarillonError("option-invalid", { message: "url must be given outside pages" });
  return /^[a-z]+:\/\//i.test(server) ? server : `${location?.protocol === "http:" ? "http:" : "https:"}//${server}`;
}
