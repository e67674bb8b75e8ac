import { SeededRandom } from "../world/random.ts";
import { channels } from "./channels.ts";
import type { Tab } from "./tab.ts";
import { PresenceWorld } from "./world.ts";

/** What became of a seed. */
export interface PresenceOutcome {
  readonly seed: number;
  /** The same for the same seed and code. */
  readonly hash: string;
  /** The promise that was broken, if one was. */
  readonly failure: string | undefined;
  /** The last lines of the trace. */
  readonly tail: readonly string[];
  readonly events: number;
  /** How many comings and goings clients were told, and how many secrets they heard. */
  readonly moves: number;
  readonly heard: number;
}

const users = 200;
const rounds = 3;
/** So long something happens in a round, and so long nothing does. */
const busyMs = 12_000;
const quietMs = 8_000;
const deedsPerRound = 180;

type Deed = (world: PresenceWorld, tab: Tab, random: SeededRandom) => void;

/** What may happen, the likelier the oftener it is here. */
const deeds: readonly Deed[] = [
  (world, _tab, random) => come(world, userOf(random), random),
  // A second tab.
  (world, { user }, random) => come(world, user, random),
  (world, { user }, random) => come(world, user, random),
  (_world, tab, random) => tab.subscribe(random.pick(channels)),
  (_world, tab, random) => tab.subscribe(random.pick(channels)),
  (_world, tab, random) => tab.unsubscribe(random.pick([...tab.wants, channels[0]!])),
  (world, tab, random) => flutter(world, tab, random),
  (_world, tab) => tab.vanish(),
  (_world, tab) => tab.vanish(),
  (_world, tab) => tab.close(),
  (_world, tab, random) => tab.cut(random.whole(0, 500)),
  (_world, tab, random) => tab.cut(random.whole(1_500, 3_000)),
  (_world, tab, random) => tab.switchUser(userOf(random)),
  (_world, tab, random) => tab.publish(random.pick(channels)),
  (world, _tab, random) => world.tell(random.pick(channels)),
];

/** Runs one seed's world: 200 users for 60 s, with a check whenever nothing has happened for a while. */
export async function simulatePresence(seed: number, print?: (line: string) => void): Promise<PresenceOutcome> {
  const random = new SeededRandom(`presence ${seed}`);
  const world = new PresenceWorld(random.part("world"), print);
  const { scheduler } = world;
  const rejected = (error: unknown): void =>
    world.fail(`nobody handles ${String(error instanceof Error ? error.stack : error)}`);
  process.on("unhandledRejection", rejected);
  try {
    await world.witness.begin();
    for (let user = 0; user < users; user += 1) {
      const own = random.part(`user ${user}`);
      scheduler.after(own.whole(0, 4_000), () => come(world, `u${user}`, own));
    }
    for (let round = 0; round < rounds && world.failure === undefined; round += 1) {
      plan(world, random.part(`round ${round}`));
      await scheduler.runUntil((round + 1) * (busyMs + quietMs));
      if (world.failure === undefined) world.checkQuiet();
    }
  } finally {
    process.off("unhandledRejection", rejected);
  }
  const moves = world.tabs.reduce((sum, { view }) => sum + view.moves, 0);
  const { failure, heard, trace } = world;
  return { seed, hash: trace.hash(), failure, tail: trace.tail(), events: scheduler.events, moves, heard };
}

function plan(world: PresenceWorld, random: SeededRandom): void {
  for (let count = 0; count < deedsPerRound; count += 1) {
    const own = random.part(String(count));
    world.scheduler.after(own.whole(0, busyMs), () => {
      const present = world.tabs.filter(({ isGone }) => !isGone);
      if (present.length > 0) own.pick(deeds)(world, own.pick(present), own);
    });
  }
}

function come(world: PresenceWorld, user: string, random: SeededRandom): void {
  const tab = world.open(user);
  for (const channel of channels) if (random.chance(0.3)) tab.subscribe(channel);
}

/** Comes and goes faster than the server can be asked. */
function flutter({ scheduler }: PresenceWorld, tab: Tab, random: SeededRandom): void {
  const channel = random.pick(channels);
  for (let count = 0; count < 4; count += 1) {
    scheduler.after(count * random.whole(0, 40), () =>
      count % 2 === 0 ? tab.subscribe(channel) : tab.unsubscribe(channel),
    );
  }
}

function userOf(random: SeededRandom): string {
  return `u${random.whole(0, users - 1)}`;
}
