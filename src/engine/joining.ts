import type { Continuity } from "./continuity.ts";
import type { LiveConnection } from "./connection.ts";
import type { Delivery, GapReason } from "./delivery.ts";
import { andThen, type Later } from "./later.ts";
import type { HistoryPage, HistoryRange } from "./ports/broker.ts";
import type { Position } from "./publication.ts";
import { isSamePosition, recover, type RecoveryLimits } from "./recovery.ts";
import type { Subscription } from "./subscription.ts";

/** Where a client was; `unknown`: what it gave is no position. */
export type Since = Position | "unknown";

/** Where a subscription begins. */
export interface Beginning {
  /** Absent in channels without history. */
  readonly position?: Position;
  /** Only for those who asked for what they missed. */
  readonly recovered?: boolean;
  /** What the client is told before anything newer. */
  readonly missed: readonly Delivery[];
}

/** What is needed to find where a subscription begins. */
export interface Joining {
  readonly channel: { readonly name: string; readonly continuity: Continuity | undefined };
  readonly subscription: Subscription<LiveConnection>;
  readonly since: Since | undefined;
  readonly limits: RecoveryLimits;
  read(range: HistoryRange): Later<HistoryPage>;
}

const nothing: readonly Delivery[] = [];
const atOnce: Beginning = { missed: nothing };
const withoutHistory: Beginning = { recovered: false, missed: nothing };

/**
 * Finds where a subscription begins, from which on its deliveries are held already: with what was published since the client
 * was there last, all of it, or with a gap.
 */
export function beginning(joining: Joining): Later<Beginning> {
  const { continuity } = joining.channel;
  const { since } = joining;
  if (!continuity) return since === undefined ? atOnce : withoutHistory;
  if (since === undefined) {
    joining.subscription.takePublications();
    return { position: continuity.last, missed: nothing };
  }
  if (since === "unknown") return withGap(joining, continuity, "reset");
  // A client that comes from a node that was faster must not hear again what it has.
  return andThen(continuity.reach(since), () => replayed(joining, continuity, since, 2));
}

function replayed(joining: Joining, continuity: Continuity, since: Position, tries: number): Later<Beginning> {
  const { last } = continuity;
  if (isSamePosition(since, last)) return recovered(joining, continuity, nothing);
  if (since.epoch !== last.epoch || since.offset >= last.offset) return withGap(joining, continuity, "reset");
  const limit = joining.limits.recoveredPublications + 1;
  return andThen(joining.read({ after: since, limit }), (page) => {
    const { publications: held, hasGap } = joining.subscription.takePublications();
    // The channel itself missed something meanwhile, so the page may be of an earlier history.
    if (hasGap) {
      return tries > 1 ? replayed(joining, continuity, since, tries - 1) : withGap(joining, continuity, "reset");
    }
    const found = recover({ since, last: continuity.last, page, held }, joining.limits);
    if (found.publications) {
      const publications = found.publications.map((publication) => ({ kind: "publication", publication }) as const);
      return recovered(joining, continuity, publications);
    }
    // What was read was older than what the channel has heard: a copy of the history that lags behind.
    const isStale = page.isCovered && found.reason === "expired";
    if (isStale && tries > 1) return replayed(joining, continuity, since, tries - 1);
    return withGap(joining, continuity, found.reason);
  });
}

function recovered({ subscription }: Joining, { last }: Continuity, missed: readonly Delivery[]): Beginning {
  subscription.takePublications();
  return { position: last, recovered: true, missed };
}

function withGap({ channel, subscription, since }: Joining, { last }: Continuity, reason: GapReason): Beginning {
  subscription.takePublications();
  const from = since === undefined || since === "unknown" ? {} : { from: since };
  const gap: Delivery = { kind: "gap", channel: channel.name, ...from, to: last, reason };
  return { position: last, recovered: false, missed: [gap] };
}
