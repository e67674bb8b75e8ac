import type { Stats } from "../engine/stats.ts";

/** What `server.stats()` tells. */
export interface ServerStats extends Stats {
  /** Bytes that wait for clients who read too slowly, on all their sockets and links together. */
  readonly waitingBytes: number;
}
