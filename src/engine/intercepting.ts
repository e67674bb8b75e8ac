import type { Application, InboundMessage } from "./application.ts";
import type { LiveConnection } from "./connection.ts";
import type { Failures } from "./failures.ts";
import { andThen, isPending, type Later } from "./later.ts";
import { checkEventName } from "./names.ts";
import type { Counters } from "./stats.ts";

/** What intercepting needs. */
export interface InterceptingParts {
  readonly application: Pick<Application, "interceptors">;
  readonly failures: Failures;
  readonly counters: Counters;
}

/**
 * Leads a client's message through the application's interceptors, in the order they were added.
 *
 * @returns whether it goes on
 * @throws {CarillonError} what an interceptor throws; `internal` for anything else, or a name of an event that is none
 */
export function intercept(
  { application, counters, failures }: InterceptingParts,
  message: InboundMessage<LiveConnection>,
): Later<boolean> {
  const { connection, channel, event } = message;
  const { interceptors } = application;
  const step = (index: number): Later<boolean> => {
    const interceptor = interceptors[index];
    if (!interceptor) return true;
    return andThen(interceptor(message), (verdict) => {
      if (verdict !== false) {
        checkRenamed(message);
        return step(index + 1);
      }
      counters.dropped += 1;
      return false;
    });
  };
  const failed = (cause: unknown): never => {
    throw failures.ofHook(cause, "internal", { connection, event, ...(channel !== undefined && { channel }) });
  };
  try {
    const isWanted = step(0);
    return isPending(isWanted) ? isWanted.catch(failed) : isWanted;
  } catch (error) {
    return failed(error);
  }
}

/** A bad name is no mistake of the client's. */
function checkRenamed({ event }: InboundMessage<LiveConnection>): void {
  try {
    checkEventName(event);
  } catch (cause) {
    throw new Error("an interceptor named an event as none may be named", { cause });
  }
}
