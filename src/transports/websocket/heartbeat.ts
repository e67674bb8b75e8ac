import type { WebSocket } from "ws";
import type { WebSocketSettings } from "../../dialects/dialect.ts";
import type { Clock, Timer } from "../../platform/clock.ts";

/**
 * Pings a WebSocket, and drops it when the peer stays silent.
 *
 * A peer that is sending is alive, even when its pong stands in line behind what it sends: `heard` is to be called for that.
 */
export function keepAlive(
  webSocket: WebSocket,
  clock: Clock,
  { pingMs, pongMs }: WebSocketSettings,
): { readonly heard: () => void; readonly stop: () => void } {
  if (pingMs === 0) return { heard: () => undefined, stop: () => undefined };
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
    else webSocket.terminate();
  };
  webSocket.on("pong", heard);
  timer = clock.after(pingMs, ping);
  return { heard, stop: () => timer.cancel() };
}
