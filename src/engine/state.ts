import type { Channels } from "./channels.ts";
import type { Delivery } from "./delivery.ts";
import type { Beginning } from "./joining.ts";
import { andThen, type Later } from "./later.ts";
import { checkChannelName } from "./names.ts";
import type { Publication } from "./publication.ts";
import { stateless } from "./state-policy.ts";

/** @throws {CarillonError} `channel-name-invalid`, `not-supported` where no state is kept, `broker-unavailable` */
export function readState(channels: Channels, channel: string): Later<readonly Publication[]> {
  checkHasState(channels, channel);
  return channels.state(channel);
}

/** @throws {CarillonError} `channel-name-invalid`, `not-supported` where no state is kept, `broker-unavailable` */
export function clearState(channels: Channels, channel: string): Later<void> {
  checkHasState(channels, channel);
  return channels.clearState(channel);
}

/**
 * Adds a channel's state to what a new subscriber is told first, unless it has it: what came after its beginning comes by itself.
 *
 * It is told without positions, because it is not told in their order, and to all: whoever was left out then is new now.
 */
export function withState(beginning: Beginning, read: () => Later<readonly Publication[]>): Later<Beginning> {
  if (beginning.recovered) return beginning;
  const { position: start, missed } = beginning;
  return andThen(read(), (publications) => {
    const state: Delivery[] = [];
    for (const { position, except: _, ...publication } of publications) {
      const isAhead = start && position && position.epoch === start.epoch && position.offset > start.offset;
      if (!isAhead) state.push({ kind: "publication", publication });
    }
    return { ...beginning, missed: [...missed, ...state] };
  });
}

/**
 * What was held, without what the state told already: whatever is in it, and what wrote to state before that.
 *
 * @param told what the subscriber was told first
 */
export function afterState(told: readonly Delivery[], held: readonly Delivery[]): readonly Delivery[] {
  if (!held.some(isStateWrite)) return held;
  const ids = new Set(told.filter(isStateWrite).map(({ publication }) => publication.id));
  const last = held.findLastIndex((delivery) => isStateWrite(delivery) && ids.has(delivery.publication.id));
  return held.filter((delivery, index) => index > last || !isStateWrite(delivery));
}

function isStateWrite(delivery: Delivery): delivery is Extract<Delivery, { readonly kind: "publication" }> {
  return delivery.kind === "publication" && delivery.publication.stateKey !== undefined;
}

function checkHasState(channels: Channels, channel: string): void {
  checkChannelName(channel);
  if (!channels.ruleOf(channel).state) throw stateless(channel);
}
