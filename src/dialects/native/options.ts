import { checkNumber } from "../../engine/check-number.ts";
import { CarillonError } from "../../errors/carillon-error.ts";
import type { WebSocketLimits } from "../dialect.ts";

/** How an endpoint of the native dialect behaves. */
export interface NativeOptions extends Partial<WebSocketLimits> {
  /**
   * How long a client may take from opening the wire to being connected, the `authenticate` hook and middleware included;
   * then it is closed with 4504.
   *
   * @default 10_000 // 10 seconds
   */
  readonly connectTimeoutMs?: number;
  /**
   * The server is never silent for longer, so that browsers, which cannot see pings, notice a dead link. `0`: no heartbeats.
   *
   * @default 10_000 // 10 seconds
   */
  readonly heartbeatMs?: number;
  /**
   * How long a session waits for its client when the link was lost; whoever comes back in time goes on where they were, with
   * nothing missed. `0`: sessions end with their links.
   *
   * @default 120_000 // 2 minutes
   */
  readonly resumeMs?: number;
  /**
   * Serves long-polling and server-sent events too, under the endpoint's path.
   *
   * @default true
   */
  readonly http?: boolean;
  /**
   * How long a poll waits for something to say.
   *
   * @default 25_000 // 25 seconds
   */
  readonly pollHoldMs?: number;
  /**
   * A link of polls or server-sent events whose client makes no request for so long is gone.
   *
   * @default 30_000 // 30 seconds
   */
  readonly linkIdleMs?: number;
  /**
   * The largest message a client may send; a larger one closes the connection with 1009.
   *
   * @default 65_536 // 64 KiB
   */
  readonly maxMessageBytes?: number;
  /**
   * Time between WebSocket pings. `0`: none.
   *
   * @default 25_000 // 25 seconds
   */
  readonly pingMs?: number;
  /**
   * How long the peer may stay silent after a ping before its connection is dropped.
   *
   * @default 8_000 // 8 seconds
   */
  readonly pongMs?: number;
  /**
   * Bytes that may wait for a slow client; beyond it the connection is closed with 4508, and the client may come back.
   *
   * @default 1_048_576 // 1 MiB
   */
  readonly maxBufferedBytes?: number;
  /**
   * Messages of so many bytes and more are compressed (permessage-deflate) for clients that offer it; a broadcast is
   * compressed once for all of them. `0`: none, and it is not negotiated. Leave it off where secrets and what a stranger
   * wrote travel in one message.
   *
   * @default 0 // off
   */
  readonly compressFromBytes?: number;
}

export const nativeDefaults: Required<NativeOptions> = {
  connectTimeoutMs: 10_000,
  heartbeatMs: 10_000,
  resumeMs: 120_000,
  http: true,
  pollHoldMs: 25_000,
  linkIdleMs: 30_000,
  maxMessageBytes: 65_536,
  pingMs: 25_000,
  pongMs: 8_000,
  maxBufferedBytes: 1_048_576,
  compressFromBytes: 0,
};

const mayBeZero: ReadonlySet<string> = new Set(["heartbeatMs", "resumeMs", "pingMs", "compressFromBytes"]);

/** @throws {CarillonError} `option-invalid`, naming the option */
export function nativeOptions(options: NativeOptions): Required<NativeOptions> {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(nativeDefaults, name));
  if (unknown !== undefined)
    throw new CarillonError("option-invalid", { message: `native: there is no option ${unknown}` });
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const effective: Required<NativeOptions> = { ...nativeDefaults, ...Object.fromEntries(given) };
  const { http, ...numbers } = effective;
  if (typeof http !== "boolean")
    throw new CarillonError("option-invalid", { message: "native: http must be true or false" });
  for (const [name, value] of Object.entries(numbers)) {
    checkNumber("native", name, value, mayBeZero.has(name) ? 0 : 1);
  }
  return effective;
}
