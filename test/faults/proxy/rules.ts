import type { Random } from "../../../src/index.ts";

export interface RuleOptions {
  /** How often it may act. Absent: without end. */
  readonly times?: number;
  /** Acts from the so manieth that fits, 1 for the first. */
  readonly from?: number;
  /** Acts on this part of those that fit, drawn by chance for each. */
  readonly chance?: number;
}

/** A rule that is in force. */
export interface Rule {
  /** How often it has acted. */
  readonly hits: number;
  remove(): void;
}

interface Entry<Match, Action> {
  readonly match: Match;
  readonly action: Action;
  readonly options: RuleOptions;
  seen: number;
  hits: number;
}

/** What is to be done with what fits; the first rule that acts is the only one. */
export class Rules<Match, Action> {
  readonly #entries = new Set<Entry<Match, Action>>();
  readonly #random: Pick<Random, "next">;

  constructor(random: Pick<Random, "next">) {
    this.#random = random;
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  on(match: Match, action: Action, options: RuleOptions = {}): Rule {
    const entry: Entry<Match, Action> = { match, action, options, seen: 0, hits: 0 };
    this.#entries.add(entry);
    return {
      get hits() {
        return entry.hits;
      },
      remove: () => void this.#entries.delete(entry),
    };
  }

  clear(): void {
    this.#entries.clear();
  }

  /** What the first rule that acts says. */
  take(fits: (match: Match) => boolean): Action | undefined {
    for (const entry of this.#entries) {
      const { times = Infinity, from = 1, chance = 1 } = entry.options;
      if (entry.hits >= times || !fits(entry.match)) continue;
      entry.seen += 1;
      if (entry.seen < from || (chance < 1 && this.#random.next() >= chance)) continue;
      entry.hits += 1;
      return entry.action;
    }
    return undefined;
  }
}
