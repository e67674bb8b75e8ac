import type { LiveConnection } from "./connection.ts";
import type { Failures } from "./failures.ts";
import type { Handshake } from "./handshake.ts";
import { guarded, type Later } from "./later.ts";
import type { Refusals } from "./refusals.ts";
import type { Revocations } from "./revoking.ts";
import type { Counters } from "./stats.ts";

/** Who is told when an attempt to get in fails. */
export interface Refusing {
  readonly failures: Failures;
  readonly counters: Counters;
  readonly refusals: Refusals;
  readonly revocations: Revocations;
  readonly handshake: Handshake;
  /** Absent when nobody was to be let in yet. */
  readonly connection?: LiveConnection;
}

/** What an attempt to get in throws or rejects with is counted, and hidden where it is nobody's business. */
export function refusing<Result>(
  { failures, counters, refusals, revocations, handshake, connection }: Refusing,
  attempt: () => Later<Result>,
): Later<Result> {
  const refused = (cause: unknown): never => {
    if (connection) revocations.end(connection);
    if (connection?.state !== "closed") counters.refused += 1;
    const who = connection ? { connection } : {};
    const error = failures.ofHook(cause, "internal", who);
    refusals.tell({ action: "connect", handshake, ...who }, error);
    throw error;
  };
  return guarded(attempt, refused);
}
