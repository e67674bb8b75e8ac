import type { WebSocket } from "ws";
import type { WebSocketSettings } from "../../dialects/dialect.ts";
import type { Clock, Timer } from "../../platform/clock.ts";

/**
 * Pings a WebSocket, and drops it when the peer stays silent.
 *
 * @returns the function that stops it
 */
export function keepAlive(webSocket: WebSocket, clock: Clock, { pingMs, pongMs }: WebSocketSettings): () => void {
  if (pingMs === 0) return () => undefined;
  let timer: Timer;
  let heard = true;
  const ping = (): void => {
    heard = false;
    webSocket.ping();
    timer = clock.after(pongMs, check);
  };
  const check = (): void => {
    if (heard) timer = clock.after(Math.max(0, pingMs - pongMs), ping);
    else webSocket.terminate();
  };
  webSocket.on("pong", () => {
    heard = true;
  });
  // A peer that is sending is alive, even when its pong stands in line behind what it sends.
  webSocket.on("message", () => {
    heard = true;
  });
  timer = clock.after(pingMs, ping);
  return () => timer.cancel();
}
