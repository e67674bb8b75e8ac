import type { WebSocket } from "ws";
import type { WebSocketSettings } from "../../dialects/dialect.ts";
import type { Wire } from "../../engine/ports/wire.ts";
import type { Clock, Timer } from "../../platform/clock.ts";

/** Who is kept alive, and how. */
export interface KeptAlive {
  readonly webSocket: WebSocket;
  readonly wire: Pick<Wire, "close">;
  readonly clock: Clock;
  readonly settings: Pick<WebSocketSettings, "pingMs" | "pongMs" | "needsPongs" | "silent">;
}

/**
 * Pings a WebSocket, and drops it when the peer stays silent.
 *
 * Unless the dialect wants pongs, a peer that is sending is alive, even when its pong stands in line behind what it sends:
 * `said` is to be called for that.
 */
export function keepAlive({ webSocket, wire, clock, settings }: KeptAlive): {
  readonly said: () => void;
  readonly stop: () => void;
} {
  const { pingMs, pongMs, needsPongs, silent } = settings;
  if (pingMs === 0) return { said: () => undefined, stop: () => undefined };
  let timer: Timer;
  let isHeard = true;
  const heard = (): void => {
    isHeard = true;
  };
  const ping = (): void => {
    isHeard = false;
    webSocket.ping();
    timer = clock.after(pongMs, check);
  };
  const check = (): void => {
    if (isHeard) timer = clock.after(Math.max(0, pingMs - pongMs), ping);
    else if (!silent) webSocket.terminate();
    else {
      // The last word before the end, where the period of the pings ends with the patience.
      if (pongMs % pingMs === 0) webSocket.ping();
      wire.close(silent.code, silent.reason);
    }
  };
  webSocket.on("pong", heard);
  timer = clock.after(pingMs, ping);
  return { said: needsPongs ? () => undefined : heard, stop: () => timer.cancel() };
}
