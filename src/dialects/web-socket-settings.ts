import type { Closing, WebSocketSettings } from "./dialect.ts";
import type { OptionChecks } from "./option-checks.ts";

/** What dialects whose clients are alive as long as they answer pings leave to the application. */
export interface WebSocketSizes {
  readonly maxMessageBytes: number;
  readonly maxBufferedMessages: number;
  readonly maxBufferedBytes: number;
  readonly writeTimeoutMs: number;
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
}

/** How such a dialect says goodbye. */
export interface WebSocketClosings {
  readonly silent: Closing;
  readonly slow: Closing;
}

const names = [
  "maxMessageBytes",
  "maxBufferedMessages",
  "maxBufferedBytes",
  "writeTimeoutMs",
  "pingIntervalMs",
  "pongTimeoutMs",
] as const;

/**
 * How the WebSockets of such a dialect behave: nothing is compressed, and nobody is slowed down.
 *
 * @throws {CarillonError} `option-invalid`, naming the option
 */
export function webSocketSettings(
  checks: OptionChecks,
  sizes: WebSocketSizes,
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
