import type { Opening, Refusal } from "../dialects/dialect.ts";
import { isPending, type Later } from "../engine/later.ts";
import { stopping } from "./refusals.ts";

/** The handshakes that their dialects have still to decide on. */
export class Undecided {
  readonly #stops = new Set<() => void>();

  /** What the dialect decides, unless the server stops before. */
  wait(decision: Later<Opening | Refusal>): Later<Opening | Refusal> {
    if (!isPending(decision)) return decision;
    return new Promise((resolve, reject) => {
      const stop = (): void => resolve({ kind: "refuse", ...stopping });
      this.#stops.add(stop);
      decision.then(resolve, reject).finally(() => this.#stops.delete(stop));
    });
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }
}
