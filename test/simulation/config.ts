import type { Bounds } from "./checks/truth.ts";
import type { SeededRandom } from "./world/random.ts";
import type { BrokerFaults } from "./world/shared-broker.ts";

/** One seed's world: how many there are, what they are made with, and how bad it is between the faults of the schedule. */
export interface Config {
  readonly nodes: number;
  readonly clients: number;
  readonly delayMs: number;
  /** How likely a client comes back to the node it was on. */
  readonly stickiness: number;
  readonly closeLoss: number;
  readonly broker: BrokerFaults;
  readonly bounds: Bounds;
  readonly resumeMs: number;
  readonly heartbeatMs: number;
  readonly maxBufferedBytes: number;
  readonly heldDeliveries: number;
  /** The mean time that the `authenticate` hook takes. */
  readonly authMs: number;
  readonly requestTimeoutMs: number;
  readonly upgradeMs: number;
  readonly batches: boolean;
  /** The longest padding of a publication. */
  readonly paddingBytes: number;
  /** The kinds of faults that this seed has. */
  readonly faults: ReadonlySet<FaultKind>;
}

/** What may befall a world. */
export const faultKinds = [
  "cut",
  "half-open",
  "one-way",
  "clog",
  "slow",
  "block",
  "sleep",
  "vanish",
  "leave",
  "switch-user",
  "crash",
  "drain",
  "stall",
  "wall",
  "outage",
  "reset",
  "failover",
  "interrupted",
  "auth-fails",
] as const;

export type FaultKind = (typeof faultKinds)[number];

export const historyChannels: readonly string[] = ["h-1", "h-2"];
export const plainChannels: readonly string[] = ["p-1"];
export const channels: readonly string[] = [...historyChannels, ...plainChannels];

/** So likely a feature is off altogether: what many of them together hide, fewer show. */
const off = 0.3;

export function drawConfig(random: SeededRandom): Config {
  const sometimes = (value: () => number): number => (random.chance(off) ? 0 : value());
  const calm: BrokerFaults = calmBroker(random.pick([0, 1, 5, 30]));
  return {
    nodes: random.pick([1, 1, 2, 2, 3]),
    clients: random.whole(2, 6),
    delayMs: random.pick([1, 5, 20, 60]),
    stickiness: random.pick([1, 1, 0.9, 0.5]),
    closeLoss: sometimes(() => random.next() * 0.5),
    broker: {
      ...calm,
      drop: sometimes(() => random.next() * 0.3),
      repeat: sometimes(() => random.next() * 0.3),
      late: sometimes(() => random.next() * 0.2),
      timeout: sometimes(() => random.next() * 0.05),
      failure: sometimes(() => random.next() * 0.05),
      interrupted: random.next(),
    },
    bounds: {
      size: random.pick([1, 3, 10, 50, 1_000]),
      ttlMs: random.pick([1_500, 8_000, 60_000, 60_000]),
      recovered: random.pick([3, 10, 50, 300, 300]),
      recoveredBytes: random.pick([2_000, 1_048_576, 1_048_576]),
    },
    resumeMs: random.pick([0, 1_000, 5_000, 20_000, 120_000, 120_000]),
    heartbeatMs: random.pick([500, 2_000, 10_000]),
    maxBufferedBytes: random.pick([2_048, 16_384, 1_048_576]),
    heldDeliveries: random.pick([3, 30, 300]),
    authMs: sometimes(() => random.pick([1, 50, 400])),
    requestTimeoutMs: random.pick([2_000, 5_000]),
    upgradeMs: random.pick([0, 500, 3_000]),
    batches: random.chance(0.3),
    paddingBytes: random.pick([0, 20, 400]),
    faults: new Set(faultKinds.filter(() => !random.chance(off))),
  };
}

/** A broker that does as it is told, in its own time. */
export function calmBroker(delayMs: number): BrokerFaults {
  return { delayMs, drop: 0, repeat: 0, late: 0, timeout: 0, failure: 0, interrupted: 1 };
}
