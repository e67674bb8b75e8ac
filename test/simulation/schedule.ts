import { channels, type Config, type FaultKind } from "./config.ts";
import type { SeededRandom } from "./world/random.ts";

/** What the applications do. */
export type DeedKind =
  | "publish"
  | "publish-again"
  | "server-publish"
  | "send"
  | "request"
  | "tell"
  | "subscribe"
  | "unsubscribe"
  /** Subscribes afresh while much is published. */
  | "rush"
  | "history";

/** Something that happens at a moment of its own, whatever else does. */
export interface Entry {
  readonly at: number;
  /** The number of a client or a node, whichever the kind is about. */
  readonly actor: number;
  readonly kind: DeedKind | FaultKind;
  readonly channel?: string;
  /** How long it takes, how many there are, or how far it goes. */
  readonly amount?: number;
  /** Which of two ways. */
  readonly flag?: boolean;
}

/** How many of them there are in a schedule, and what they look like. */
const deeds: Readonly<Record<DeedKind, number>> = {
  publish: 160,
  "publish-again": 12,
  "server-publish": 15,
  send: 30,
  request: 20,
  tell: 30,
  subscribe: 14,
  unsubscribe: 7,
  rush: 8,
  history: 8,
};

const faults: Readonly<Record<FaultKind, { readonly most: number; readonly amount: readonly [number, number] }>> = {
  cut: { most: 6, amount: [0, 4_000] },
  "half-open": { most: 3, amount: [1_000, 15_000] },
  "one-way": { most: 3, amount: [500, 5_000] },
  clog: { most: 5, amount: [100, 5_000] },
  slow: { most: 3, amount: [500, 8_000] },
  block: { most: 3, amount: [1_000, 8_000] },
  sleep: { most: 4, amount: [200, 12_000] },
  vanish: { most: 2, amount: [100, 5_000] },
  leave: { most: 2, amount: [100, 5_000] },
  "switch-user": { most: 2, amount: [0, 0] },
  crash: { most: 2, amount: [100, 4_000] },
  drain: { most: 2, amount: [200, 4_000] },
  stall: { most: 3, amount: [100, 5_000] },
  wall: { most: 4, amount: [-3_600_000, 3_600_000] },
  outage: { most: 3, amount: [200, 4_000] },
  reset: { most: 1, amount: [0, 0] },
  failover: { most: 2, amount: [0, 12] },
  interrupted: { most: 2, amount: [0, 0] },
  "auth-fails": { most: 2, amount: [500, 5_000] },
};

/** Everything that will be done and befall in one world, by time. */
export function drawSchedule(config: Config, endMs: number, random: SeededRandom): readonly Entry[] {
  const entries: Entry[] = [];
  const add = (kind: Entry["kind"], [least, most]: readonly [number, number]): void => {
    entries.push({
      at: random.whole(500, endMs),
      actor: random.whole(0, 59),
      kind,
      channel: random.pick(channels),
      amount: random.whole(least, most),
      flag: random.chance(0.5),
    });
  };
  for (const [kind, count] of Object.entries(deeds)) {
    for (let each = 0; each < count; each += 1) add(kind as DeedKind, random.chance(0.1) ? [5, 40] : [1, 3]);
  }
  for (const [kind, { most, amount }] of Object.entries(faults)) {
    if (!config.faults.has(kind as FaultKind)) continue;
    for (let count = random.whole(1, most); count > 0; count -= 1) add(kind as FaultKind, amount);
  }
  // Everybody is somewhere from the beginning on.
  for (let actor = 0; actor < config.clients; actor += 1) {
    for (const channel of channels) {
      if (random.chance(0.75)) entries.push({ at: random.whole(0, 400), actor, kind: "subscribe", channel });
    }
  }
  return entries.toSorted((a, b) => a.at - b.at);
}

/** One line for one entry. */
export function describeEntry({ at, actor, kind, channel, amount, flag }: Entry): string {
  return `at ${at} ${kind} actor ${actor} ${channel ?? ""} ${amount ?? ""} ${flag ?? ""}`.trimEnd();
}
