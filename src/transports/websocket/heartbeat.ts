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
  let nextPing = clock.now() + pingMs;
  /** By when the first ping that nothing has come after is to be answered. */
  let deadline = Infinity;
  const heard = (): void => {
    isHeard = true;
  };
  const beat = (): void => {
    const now = clock.now();
    if (isHeard) deadline = Infinity;
    const isOver = now >= deadline;
    if (now >= nextPing && (!isOver || silent)) {
      webSocket.ping();
      nextPing = now + pingMs;
      if (isHeard) deadline = now + pongMs;
      isHeard = false;
    }
    if (!isOver) timer = clock.after(Math.min(nextPing, deadline) - now, beat);
    else if (silent) wire.close(silent.code, silent.reason);
    else webSocket.terminate();
  };
  webSocket.on("pong", heard);
  timer = clock.after(pingMs, beat);
  return { said: needsPongs ? () => undefined : heard, stop: () => timer.cancel() };
}
