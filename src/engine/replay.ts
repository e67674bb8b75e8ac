import type { LiveConnection } from "./connection.ts";
import type { Delivery } from "./delivery.ts";
import { afterState } from "./state.ts";
import type { Counters } from "./stats.ts";
import type { Subscription } from "./subscription.ts";

/** So much is written before the wire has to be drained; the wire's own limits are for what cannot wait. */
const softLimitBytes = 262_144;

/**
 * Tells a subscriber what came before it is live, the oldest first, and then what was held meanwhile; `live` is called when
 * nothing of it is left. A wire that takes its time holds up nobody else.
 */
export function replay(
  subscription: Subscription<LiveConnection>,
  missed: readonly Delivery[],
  counters: Counters,
  live: () => void,
): void {
  const { connection } = subscription;
  const softLimitPackets = (connection.wire.maxWaitingPackets ?? Infinity) / 2;
  let deliveries = missed;
  let next = 0;
  const run = (): void => {
    let bytes = 0;
    let packets = 0;
    while (subscription.state === "replaying") {
      if (next === deliveries.length) {
        const held = subscription.release();
        if (held.length === 0) return live();
        deliveries = afterState(missed, held);
        next = 0;
        continue;
      }
      if (bytes >= softLimitBytes || packets >= softLimitPackets) return connection.wire.whenDrained(run);
      const delivery = deliveries[next]!;
      next += 1;
      if (delivery.kind === "publication" && delivery.publication.except === connection.id) continue;
      bytes += connection.deliver(delivery);
      packets += 1;
      counters.delivered += 1;
      if (delivery.kind === "gap") counters.gaps += 1;
      else if (deliveries === missed && isOfHistory(delivery)) counters.recovered += 1;
    }
  };
  run();
}

/** What of a channel's state is told has no position. */
function isOfHistory(delivery: Delivery): boolean {
  return delivery.kind === "publication" && delivery.publication.position !== undefined;
}
