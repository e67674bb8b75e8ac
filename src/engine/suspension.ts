import { closeCodes } from "../errors/close-codes.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Application, Ending } from "./application.ts";
import type { LiveConnection } from "./connection.ts";
import type { Limits } from "./limits.ts";
import type { Membership } from "./membership.ts";
import type { Counters } from "./stats.ts";

/** What suspending connections needs. */
export interface SuspensionParts {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly application: Application;
  readonly membership: Membership;
  readonly counters: Counters;
}

/**
 * The connections whose wire is gone and whose client may come back.
 *
 * They stay in their channels. Others see them in presence for a grace, so that a client that changes trains does not flap.
 */
export class Suspension {
  readonly #graces = new Map<LiveConnection, Timer>();
  readonly #parts: SuspensionParts;

  constructor(parts: SuspensionParts) {
    this.#parts = parts;
  }

  suspend(connection: LiveConnection, { code }: Ending): void {
    if (connection.state !== "open" || this.#graces.has(connection)) return;
    const { clock, limits, application, membership, counters } = this.#parts;
    if (code === closeCodes.slow.code) counters.slow += 1;
    this.#graces.set(
      connection,
      clock.after(limits.presenceGraceMs, () => membership.stepAway(connection)),
    );
    counters.suspended += 1;
    application.suspended(connection);
  }

  resume(connection: LiveConnection): void {
    if (!this.end(connection)) return;
    const { application, membership, counters } = this.#parts;
    counters.resumed += 1;
    membership.stepBack(connection);
    application.resumed(connection);
  }

  /** The connection is not suspended any more, because it is back or over. @returns whether it was */
  end(connection: LiveConnection): boolean {
    const grace = this.#graces.get(connection);
    if (!grace) return false;
    grace.cancel();
    this.#graces.delete(connection);
    this.#parts.counters.suspended -= 1;
    return true;
  }
}
