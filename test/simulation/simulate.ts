import { befall } from "./befall.ts";
import { drawConfig, historyChannels, plainChannels } from "./config.ts";
import { drawSchedule, type Entry } from "./schedule.ts";
import { isSame, positionOf, textOf } from "./checks/truth.ts";
import type { Participant } from "./world/participant.ts";
import { SeededRandom } from "./world/random.ts";
import { World } from "./world/world.ts";

/** How a seed is simulated. */
export interface SimulateOptions {
  /** Only these entries of its schedule happen. */
  readonly only?: readonly number[];
  /** Told every line of the trace. */
  readonly print?: (line: string) => void;
}

/** What became of a seed. */
export interface Outcome {
  readonly seed: number;
  /** The same for the same seed and code. */
  readonly hash: string;
  /** The promise that was broken, if one was. */
  readonly failure: string | undefined;
  /** The last lines of the trace. */
  readonly tail: readonly string[];
  readonly schedule: readonly Entry[];
  readonly events: number;
  /** How much was heard, and how many gaps were told: a world in which nothing happens proves nothing. */
  readonly heard: number;
  readonly gaps: number;
}

const safetyMs = 40_000;
/** Everything is at its place again after so long without a fault. */
const livenessMs = 20_000;

export function scheduleOf(seed: number): readonly Entry[] {
  const random = new SeededRandom(`seed ${seed}`);
  return drawSchedule(drawConfig(random.part("config")), safetyMs, random.part("schedule"));
}

/** Runs one seed's world: 40 s with faults, 20 s without, then everybody leaves. */
export async function simulate(seed: number, { only, print }: SimulateOptions = {}): Promise<Outcome> {
  const random = new SeededRandom(`seed ${seed}`);
  const config = drawConfig(random.part("config"));
  const schedule = drawSchedule(config, safetyMs, random.part("schedule"));
  const world = new World(config, random.part("world"), print);
  const { scheduler } = world;
  const rejected = (error: unknown): void =>
    world.fail(`nobody handles ${String(error instanceof Error ? error.stack : error)}`);
  process.on("unhandledRejection", rejected);
  try {
    for (const [index, entry] of schedule.entries()) {
      if (!only || only.includes(index)) scheduler.after(entry.at, () => befall(world, entry));
    }
    await scheduler.runUntil(safetyMs);
    if (world.failure === undefined) world.heal();
    await scheduler.runUntil(safetyMs + livenessMs);
    if (world.failure === undefined) checkLiveness(world);
    if (world.failure === undefined) await endAll(world);
  } finally {
    process.off("unhandledRejection", rejected);
  }
  return {
    seed,
    hash: world.trace.hash(),
    failure: world.failure,
    tail: world.trace.tail(),
    schedule,
    events: scheduler.events,
    heard: world.heard,
    gaps: world.gaps,
  };
}

/** Everybody is where they want to be, and has heard everything; nobody waits for anything. */
function checkLiveness(world: World): void {
  const { conduct, truth, participants } = world;
  for (const participant of participants) {
    if (!participant || participant.isGone) continue;
    const { kind } = participant.client.state;
    if (kind !== "open") world.fail(`liveness: ${participant.name} is ${kind}`);
    else if (conduct.unheard(participant.client.state.connection) > 0)
      world.fail(`liveness: ${participant.name} was not told everything`);
    for (const channel of historyChannels) checkTop(world, participant, channel);
    for (const channel of plainChannels) {
      const listening = participant.listenings.get(channel);
      const place = listening?.place;
      if (place !== undefined && place !== truth.plainTop(channel))
        world.fail(`liveness: ${participant.name} is at the ${place}. of ${truth.plainTop(channel)} in ${channel}`);
    }
  }
  for (const question of conduct.openQuestions()) world.fail(`I16 ${question} was never answered`);
}

function checkTop(world: World, { name, listenings, client }: Participant, channelName: string): void {
  const listening = listenings.get(channelName);
  if (!listening) return;
  const channel = client.channel(channelName);
  if (channel.state.kind !== "subscribed")
    return world.fail(`liveness: ${name} is ${channel.state.kind} in ${channelName}`);
  const { top } = world.broker.store.read(channelName, { limit: 0 });
  const { position } = channel as { readonly position?: string };
  const at = listening.at;
  if (at && !isSame(at, top)) world.fail(`liveness: ${name} is at ${textOf(at)} of ${textOf(top)} in ${channelName}`);
  if (position !== undefined && !isSame(positionOf(position), top))
    world.fail(`liveness: ${name} believes to be at ${position} of ${textOf(top)} in ${channelName}`);
}

/** Clients leave, nodes stop; nothing is left behind. */
async function endAll(world: World): Promise<void> {
  const { scheduler, participants, nodes } = world;
  for (const participant of participants) participant?.leave();
  await scheduler.runUntil(scheduler.now + 10_000);
  for (const node of nodes) void node?.drain(1_000);
  await scheduler.runUntil(scheduler.now + 3_000);
  if (world.failure !== undefined) return;
  for (const node of nodes) if (node) world.fail(`I19 ${node.name} has not ended`);
  for (const question of world.conduct.openQuestions()) world.fail(`I16 ${question} was never answered`);
}
