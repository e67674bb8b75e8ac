import type { Engine } from "../engine/engine.ts";
import type { Stats } from "../engine/stats.ts";
import type { OutboundBudget } from "../transports/outbound-budget.ts";
import type { Admission } from "./admission.ts";
import type { CountedMessageRate } from "./message-rate.ts";

/** What `server.stats()` tells. */
export interface ServerStats extends Stats {
  /** Clients that were turned away at the door, because there were too many of them. */
  readonly turnedAway: number;
  /** How often a client sent faster than `messageRate` allows, and had to wait. */
  readonly paused: number;
  /** Bytes that wait for clients who read too slowly, on all their sockets and links together. */
  readonly waitingBytes: number;
}

/** Where {@link ServerStats} are read. */
export interface StatsSources {
  readonly engine: Engine;
  readonly admission: Admission;
  readonly rate: CountedMessageRate;
  readonly budget: OutboundBudget;
}

export function readStats({ engine, admission, rate, budget }: StatsSources): ServerStats {
  return {
    ...engine.stats(),
    turnedAway: admission.refusals,
    paused: rate.pauses,
    waitingBytes: budget.owedBytes,
  };
}
