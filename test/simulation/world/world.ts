import { Conduct } from "../checks/conduct.ts";
import { Truth } from "../checks/truth.ts";
import { calmBroker, channels, type Config } from "../config.ts";
import { ActorClock } from "./actor-clock.ts";
import { BrokerStore } from "./broker-store.ts";
import { Identities } from "./identities.ts";
import type { Weather } from "./lane.ts";
import { Network } from "./network.ts";
import { NodeActor } from "./node-actor.ts";
import { Participant } from "./participant.ts";
import type { SeededRandom } from "./random.ts";
import { Scheduler } from "./scheduler.ts";
import { SharedBroker } from "./shared-broker.ts";
import { Trace } from "./trace.ts";
import { wireTap } from "./wire-tap.ts";

/** How often the limits of memory are looked at. */
const lookMs = 250;

/** Everything there is in one seed's world. */
export class World {
  readonly config: Config;
  readonly random: SeededRandom;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly truth: Truth;
  readonly conduct: Conduct;
  readonly identities: Identities;
  readonly broker: SharedBroker;
  readonly network: Network;
  /** What went wrong first. */
  failure: string | undefined;
  /** The faults are over. */
  isHealed = false;
  /** How much all applications were told. */
  heard = 0;
  gaps = 0;
  readonly nodes: (NodeActor | undefined)[] = [];
  readonly participants: (Participant | undefined)[] = [];
  readonly #weather: Weather;
  #starts = 0;

  constructor(config: Config, random: SeededRandom, print?: (line: string) => void) {
    this.config = config;
    this.#weather = { delayMs: config.delayMs };
    this.random = random;
    const fail = (message: string): void => this.fail(message);
    this.scheduler = new Scheduler(random.part("ties"), (error) =>
      fail(String(error instanceof Error ? error.stack : error)),
    );
    const now = (): number => this.scheduler.now;
    this.trace = new Trace(now, print);
    this.truth = new Truth(config.bounds, fail);
    this.conduct = new Conduct({ now, fail });
    this.identities = new Identities(now);
    const calm = calmBroker(config.broker.delayMs);
    this.broker = new SharedBroker({
      scheduler: this.scheduler,
      random: random.part("broker"),
      faults: () => (this.isHealed ? calm : config.broker),
    });
    this.broker.store = new BrokerStore({
      clock: new ActorClock(this.scheduler, 5_000),
      random: random.part("store"),
      channels,
      truth: this.truth,
      now,
      accepted: (publication, previous) => {
        this.trace.add(
          "broker",
          `accepts ${publication.channel} ${publication.id} ${publication.position?.offset ?? ""}`,
        );
        this.broker.fanOut(publication, previous);
      },
    });
    this.network = new Network({
      scheduler: this.scheduler,
      random: random.part("network"),
      weather: this.#weather,
      stickiness: config.stickiness,
      closeLoss: () => (this.isHealed ? 0 : config.closeLoss),
      // With less than what is replayed at once, nobody would ever get to the top.
      maxBufferedBytes: () => (this.isHealed ? 1_048_576 : config.maxBufferedBytes),
      nodes: () => this.nodes.filter((node) => node !== undefined),
      tap: wireTap(this.trace, this.conduct),
    });
    for (let slot = 0; slot < config.nodes; slot += 1) this.startNode(slot);
    for (let slot = 0; slot < config.clients; slot += 1) this.startParticipant(slot);
    this.#look();
  }

  fail(message: string): void {
    if (this.failure !== undefined) return;
    this.failure = message;
    this.trace.add("world", message);
    this.scheduler.stop();
  }

  startNode(slot: number): void {
    if (this.nodes[slot]) return;
    this.#starts += 1;
    this.nodes[slot] = new NodeActor(this, `n${slot}.${this.#starts}`);
  }

  startParticipant(slot: number): void {
    const present = this.participants[slot];
    if (present && !present.isGone) return;
    this.#starts += 1;
    const participant = new Participant(this, `c${slot}.${this.#starts}`, `u${slot}`);
    this.participants[slot] = participant;
    if (!present) return;
    // Whoever comes back is where they were.
    for (const channel of channels) if (this.random.part(participant.name).chance(0.7)) participant.subscribe(channel);
  }

  #look(): void {
    if (this.isHealed) return;
    for (const node of this.nodes) node?.look();
    this.scheduler.after(lookMs, () => this.#look());
  }

  nodeIsGone(node: NodeActor): void {
    const slot = this.nodes.indexOf(node);
    if (slot >= 0) this.nodes[slot] = undefined;
    const random = this.random.part(`${node.name} is gone`);
    for (const pipe of this.network.pipesOf(node.name)) {
      pipe.break({ keepsUnderway: random.chance(0.5), clientMs: random.time(300) });
    }
  }

  /** The faults are over, and everything is repaired. */
  heal(): void {
    this.isHealed = true;
    this.trace.add("world", "heals");
    this.#weather.delayMs = Math.min(this.config.delayMs, 5);
    this.broker.heal();
    this.identities.heal();
    this.network.heal();
    for (let slot = 0; slot < this.config.nodes; slot += 1) {
      this.nodes[slot]?.clock.goOn();
      this.startNode(slot);
    }
    for (let slot = 0; slot < this.config.clients; slot += 1) {
      this.participants[slot]?.clock.goOn();
      this.startParticipant(slot);
    }
  }
}
