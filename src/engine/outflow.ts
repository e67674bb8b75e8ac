import { CarillonError } from "../errors/carillon-error.ts";
import type { Clock } from "../platform/clock.ts";
import type { Channel } from "./channel.ts";
import type { Limits } from "./limits.ts";
import type { Counters } from "./stats.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Who limits what clients have sent. */
export interface OutflowParts {
  readonly limits: Pick<Limits, "channelBytesPerSecond">;
  readonly clock: Clock;
  readonly counters: Counters;
}

/**
 * What a client wants to say in a channel waits for what has been sent there: how much it will be, only its encoding shows,
 * so the last one may be more than what is left.
 *
 * @throws {CarillonError} `rate-limited`
 */
export function checkOutflow(channel: Channel | undefined, { limits, clock, counters }: OutflowParts): void {
  // Nobody hears it here.
  if (!channel) return;
  channel.outflow ??= new TokenBucket(clock, limits.channelBytesPerSecond);
  if (channel.outflow.hasAny()) return;
  counters.throttled += 1;
  throw new CarillonError("rate-limited", { message: "too much is sent in this channel; slow down" });
}
