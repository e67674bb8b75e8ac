import type { Stats } from "../engine/stats.ts";

/** What `server.stats()` tells. */
export interface ServerStats extends Stats {
  /** Clients that were turned away at the door, because there were too many of them. */
  readonly turnedAway: number;
  /** Bytes that wait for clients who read too slowly, on all their sockets and links together. */
  readonly waitingBytes: number;
}
