import type { WebSocket } from "ws";
import type { Clock } from "../../platform/clock.ts";

/** Nobody needs more: one ping is enough to find out whether the other side is there. */
const maxPerSecond = 20;

/** Calls `flooded` when more control frames come. `ws` answers each ping, also when the peer reads none of the answers. */
export function limitControlFrames(webSocket: WebSocket, clock: Clock, flooded: () => void): void {
  let since = -Infinity;
  let count = 0;
  const take = (): void => {
    const now = clock.now();
    if (now - since >= 1_000) {
      since = now;
      count = 0;
    }
    count += 1;
    if (count > maxPerSecond) flooded();
  };
  webSocket.on("ping", take);
  webSocket.on("pong", take);
}
