import { toCarillonError, type CarillonError } from "../errors/carillon-error.ts";
import type { Client } from "./client.ts";

/** How many parts of a page want a channel. */
interface Lease {
  holders: number;
  /** Nobody was subscribed before, so nobody is afterwards. */
  isOurs: boolean;
}

/** By client and not by provider, because several parts of a page may share a client without knowing of each other. */
const leases = new WeakMap<object, Map<string, Lease>>();

/**
 * Keeps a channel subscribed to for as long as anybody holds it.
 *
 * The last release unsubscribes, unless the application was subscribed before. It does so a moment later: what is put back at
 * once, such as by a new page of the same application, never leaves.
 *
 * @param settled called when the subscription is there, or has been refused; never after the release
 * @returns releases it; calling it twice is harmless
 */
export function holdChannel<Events extends object>(
  client: Client<Events>,
  name: string,
  settled: (error?: CarillonError) => void,
): () => void {
  const channel = client.channel(name);
  const lease = leaseOf(client, name);
  let isHeld = true;
  if (lease.holders === 0) lease.isOurs ||= channel.state.kind === "unsubscribed";
  lease.holders += 1;
  channel.subscribe().then(
    () => {
      if (isHeld) settled();
    },
    (error: unknown) => {
      if (isHeld) settled(toCarillonError(error, "internal"));
    },
  );
  return () => {
    if (!isHeld) return;
    isHeld = false;
    lease.holders -= 1;
    queueMicrotask(() => {
      if (lease.holders > 0 || !lease.isOurs) return;
      lease.isOurs = false;
      // A connection that is lost has no subscriptions, and a refusal changes nothing for a page that is gone.
      channel.unsubscribe().catch(() => {});
    });
  };
}

function leaseOf(client: object, name: string): Lease {
  const ofClient = leases.get(client) ?? new Map<string, Lease>();
  const lease = ofClient.get(name) ?? { holders: 0, isOurs: false };
  leases.set(client, ofClient.set(name, lease));
  return lease;
}
