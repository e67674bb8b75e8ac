import { randomBytes } from "node:crypto";
import type { HttpFormat, HttpSettings } from "../../dialects/dialect.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import type { OutboundBudget } from "../outbound-budget.ts";
import type { MessageRate } from "../pace.ts";
import { SharedSends } from "../shared-sends.ts";
import { Bodies } from "./bodies.ts";
import type { Ending } from "./ending.ts";
import { frameEvents } from "./event-stream.ts";
import { Link } from "./link.ts";
import type { LinkParts } from "./link-parts.ts";
import { PacketSizes } from "./outbox.ts";

/** What the links of one endpoint are made of. */
export interface LinksParts {
  readonly settings: HttpSettings;
  readonly clock: Clock;
  readonly random: Random;
  /** Shared by all endpoints of a server. */
  readonly budget: OutboundBudget;
  readonly rate: MessageRate;
}

interface Gone {
  readonly ending: Ending;
  readonly until: number;
}

/** 128 bits: whoever knows an id is its client. */
const idBytes = 16;

/** So many ends are remembered; of more, the oldest are forgotten first. */
const maxGone = 10_000;

/** An endpoint's links by their ids, and for a while how those ended that are no more. */
export class Links {
  readonly #parts: LinkParts;
  readonly #bodies: ReadonlyMap<HttpFormat, Bodies>;
  readonly #links = new Map<string, Link>();
  /** The oldest first. */
  readonly #gone = new Map<string, Gone>();

  constructor({ settings, clock, random, budget, rate }: LinksParts) {
    this.#parts = {
      settings,
      clock,
      budget,
      rate,
      sizes: new PacketSizes(),
      streams: new SharedSends(frameEvents, clock),
      // Jittered, so that those who were cut off together do not come back together.
      retryMs: () => 1_000 + Math.floor(random.next() * 4_000),
    };
    this.#bodies = new Map(settings.formats.map((format) => [format, new Bodies(format)]));
  }

  /** How many are open. */
  get size(): number {
    return this.#links.size;
  }

  open(format: HttpFormat): Link {
    const id = randomBytes(idBytes).toString("base64url");
    const link = new Link(id, this.#bodies.get(format)!, this.#parts, (over) => this.#over(over));
    this.#links.set(id, link);
    return link;
  }

  find(id: string): Link | undefined {
    return this.#links.get(id);
  }

  /** How it ended, when that is not long ago. */
  endingOf(id: string): Ending | undefined {
    const gone = this.#gone.get(id);
    return gone && gone.until > this.#parts.clock.now() ? gone.ending : undefined;
  }

  #over(link: Link): void {
    const { clock, settings } = this.#parts;
    const now = clock.now();
    this.#links.delete(link.id);
    this.#gone.set(link.id, { ending: link.ending!, until: now + settings.linkIdleMs });
    for (const [id, { until }] of this.#gone) {
      if (until > now && this.#gone.size <= maxGone) break;
      this.#gone.delete(id);
    }
  }
}
