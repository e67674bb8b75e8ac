import { CarillonError } from "../../errors/carillon-error.ts";
import { systemClock, type Clock } from "../../platform/clock.ts";
import { readEndpoint } from "../endpoint.ts";
import { checkWhole, readRedial, type RedialOptions } from "../foreign/redial.ts";
import { plainWebSocket } from "../foreign/plain-web-socket.ts";
import { maxTimerMs } from "../options.ts";
import type { ReconnectOptions } from "../reconnect.ts";
import type { SocketGoTransport } from "./link.ts";
import { socketGoPolling } from "./polling.ts";

/** Everything but the address may be left out. */
export interface SocketGoClientOptions {
  /** How to come back after the connection is lost; `false`: not at all. */
  readonly reconnect?: false | RedialOptions;
  /**
   * Collects messages and sends them back to back, each in a frame of its own.
   *
   * @default undefined // each leaves at once
   */
  readonly batch?: SocketGoBatchOptions;
  /**
   * How long each transport may take to connect.
   *
   * @default 10_000 // 10 seconds
   */
  readonly handshakeTimeoutMs?: number;
  /**
   * A connection that is silent for so long is given up; pings count. Only where the transport shows them, because others
   * would take every quiet connection for a dead one. `0`: never.
   *
   * @default 30_000 // 30 seconds
   */
  readonly readTimeoutMs?: number;
  /**
   * What was sent has to leave within this time, or the connection is given up.
   *
   * @default 10_000 // 10 seconds
   */
  readonly writeTimeoutMs?: number;
  /**
   * Tried in order; what got through is tried first the next time. `nodeTransports` of `carillon/client/socket-go/node` have
   * headers, certificates and compression.
   *
   * @default [WebSocket, polling] // as far as the platform has what they need
   */
  readonly transports?: readonly SocketGoTransport[];
  /** Time, for tests. */
  readonly clock?: Clock;
}

/** How messages are collected before they leave. */
export interface SocketGoBatchOptions {
  /**
   * So many leave at once; 1 sends each at once.
   *
   * @default 10
   */
  readonly size?: number;
  /**
   * The first of them waits no longer.
   *
   * @default 50 // 50 milliseconds
   */
  readonly intervalMs?: number;
}

/** The options with nothing left open. */
export interface SocketGoSettings {
  readonly url: string;
  readonly reconnect: Required<ReconnectOptions>;
  readonly batch: Required<SocketGoBatchOptions> | undefined;
  readonly handshakeTimeoutMs: number;
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
  readonly transports: readonly SocketGoTransport[];
  readonly clock: Clock;
}

/** @throws {CarillonError} `option-invalid` */
export function readSocketGoOptions(url: string | URL, options: SocketGoClientOptions): SocketGoSettings {
  const { clock = systemClock, handshakeTimeoutMs = 10_000, readTimeoutMs = 30_000, writeTimeoutMs = 10_000 } = options;
  const { transports = platformTransports(clock) } = options;
  const batch = options.batch && { size: 10, intervalMs: 50, ...options.batch };
  checkWhole("handshakeTimeoutMs", handshakeTimeoutMs, 1, maxTimerMs);
  checkWhole("readTimeoutMs", readTimeoutMs, 0, maxTimerMs);
  checkWhole("writeTimeoutMs", writeTimeoutMs, 1, maxTimerMs);
  if (batch) {
    checkWhole("size", batch.size, 1, 1_000);
    checkWhole("intervalMs", batch.intervalMs, 1, maxTimerMs);
  }
  if (transports.length === 0) throw new CarillonError("option-invalid", { message: "transports must not be empty" });
  return {
    url: readEndpoint(url),
    reconnect: readRedial(options.reconnect),
    batch: batch && batch.size > 1 ? batch : undefined,
    handshakeTimeoutMs,
    readTimeoutMs,
    writeTimeoutMs,
    transports,
    clock,
  };
}

function platformTransports(clock: Clock): readonly SocketGoTransport[] {
  return [...(globalThis.WebSocket ? [plainWebSocket()] : []), socketGoPolling({ clock })];
}
