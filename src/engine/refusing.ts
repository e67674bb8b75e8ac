import type { LiveConnection } from "./connection.ts";
import type { Failures } from "./failures.ts";
import { isPending, type Later } from "./later.ts";
import type { Counters } from "./stats.ts";

/** Who is told when an attempt to get in fails. */
export interface Refusing {
  readonly failures: Failures;
  readonly counters: Counters;
  /** Absent when nobody was to be let in yet. */
  readonly connection?: LiveConnection;
}

/** What an attempt to get in throws or rejects with is counted, and hidden where it is nobody's business. */
export function refusing<Result>(
  { failures, counters, connection }: Refusing,
  attempt: () => Later<Result>,
): Later<Result> {
  const refused = (cause: unknown): never => {
    if (connection?.state !== "closed") counters.refused += 1;
    throw failures.ofHook(cause, "internal", connection ? { connection } : {});
  };
  try {
    const result = attempt();
    return isPending(result) ? result.catch(refused) : result;
  } catch (error) {
    return refused(error);
  }
}
