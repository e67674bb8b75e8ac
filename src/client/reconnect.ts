import type { Random } from "../platform/random.ts";

/** No jitter makes a wait shorter, so that a server in trouble is never asked without pause. */
const minDelayMs = 100;

/** How a client comes back. */
export interface ReconnectOptions {
  /**
   * The first wait; every further one is twice as long. A connection that lasted this long starts over with it.
   *
   * @default 1_000 // 1 second
   */
  readonly delayMs?: number;
  /**
   * No wait is longer, unless a server that is full asks for it with `Retry-After`, and the client can read that: over
   * server-sent events and long-polling, in a page of the server's own origin. Then up to 5 minutes.
   *
   * @default 30_000 // 30 seconds
   */
  readonly maxDelayMs?: number;
  /**
   * `"full"` waits for a random part of the delay, so that a thousand clients do not come back at once.
   *
   * @default "full"
   */
  readonly jitter?: "full" | "none";
  /**
   * How many tries in a row may fail before the client gives up.
   *
   * @default Infinity
   */
  readonly attempts?: number;
}

/** How long to wait after `waits` waits in a row, in ms. */
export function retryDelay(waits: number, options: Required<ReconnectOptions>, random: Pick<Random, "next">): number {
  const delay = Math.min(options.maxDelayMs, options.delayMs * 2 ** waits);
  const floor = Math.min(minDelayMs, delay);
  return options.jitter === "none" ? delay : floor + random.next() * (delay - floor);
}
