import type { Closing, WebSocketSettings } from "./dialect.ts";
import type { OptionChecks } from "./option-checks.ts";

/** How the WebSockets of a dialect behave whose clients are alive as long as they answer pings. */
export interface SocketOptions {
  /**
   * The largest message a client may send, in bytes; a larger one closes the connection with 1009.
   *
   * @default 1_048_576 // 1 MiB
   */
  readonly maxMessageBytes?: number;
  /**
   * Messages that may wait for a slow client; with one more the connection is closed.
   *
   * @default 256
   */
  readonly maxBufferedMessages?: number;
  /**
   * Bytes that may wait for a slow client; beyond it the connection is closed.
   *
   * @default 16_777_216 // 16 MiB
   */
  readonly maxBufferedBytes?: number;
  /**
   * A client that takes nothing of what waits for it for so long is cut off.
   *
   * @default 10_000 // 10 seconds
   */
  readonly writeTimeoutMs?: number;
  /**
   * Time between WebSocket pings. `0`: none, and no deadline for pongs.
   *
   * @default 54_000
   */
  readonly pingIntervalMs?: number;
  /**
   * How long a client may go without a pong; its messages prove nothing. Longer than the time between pings.
   *
   * @default 60_000 // 1 minute
   */
  readonly pongTimeoutMs?: number;
}

export const socketDefaults: Required<SocketOptions> = {
  maxMessageBytes: 1_048_576,
  maxBufferedMessages: 256,
  maxBufferedBytes: 16_777_216,
  writeTimeoutMs: 10_000,
  pingIntervalMs: 54_000,
  pongTimeoutMs: 60_000,
};

const names = Object.keys(socketDefaults) as readonly (keyof SocketOptions)[];

/** How such a dialect says goodbye. */
export interface WebSocketClosings {
  readonly silent: Closing;
  readonly slow: Closing;
}

/**
 * How the WebSockets of such a dialect behave: nothing is compressed, and nobody is slowed down.
 *
 * @throws {CarillonError} `option-invalid`, naming the option
 */
export function webSocketSettings(
  checks: OptionChecks,
  sizes: Required<SocketOptions>,
  closings: WebSocketClosings,
): WebSocketSettings {
  for (const name of names) checks.number(name, sizes[name], name === "pingIntervalMs" ? 0 : 1);
  const { pingIntervalMs, pongTimeoutMs, ...limits } = sizes;
  if (pongTimeoutMs <= pingIntervalMs) checks.refuse("pongTimeoutMs must be longer than pingIntervalMs");
  return {
    maxMessageBytes: limits.maxMessageBytes,
    maxBufferedMessages: limits.maxBufferedMessages,
    maxBufferedBytes: limits.maxBufferedBytes,
    writeTimeoutMs: limits.writeTimeoutMs,
    pingMs: pingIntervalMs,
    // Counted from the ping, and not from the last pong.
    pongMs: pongTimeoutMs - pingIntervalMs,
    compressFromBytes: 0,
    needsPongs: true,
    isUnpaced: true,
    ...closings,
  };
}
