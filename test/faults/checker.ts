import { placeOf, type Logs, type SubscriberEntry } from "./logs.ts";
import { publishesOf, type Publish } from "./publications.ts";
import { checkChannel, type ChannelFindings, type Gap, type Latency } from "./subscriber-check.ts";

export interface Kept {
  readonly size: number;
  readonly ttlMs: number;
}

/** What the channels of a run kept, so that a gap can be told from a needless one. */
export interface CheckOptions {
  /** Absent: nothing was kept. The function tells for each channel. */
  readonly history?: Kept | ((channel: string) => Kept | undefined);
  /** More than this is not recovered. */
  readonly recoveredPublications?: number;
  /** The broker's state was lost on purpose, so epochs may change. */
  readonly brokerLost?: boolean;
}

/** What became of a run. */
export interface Verdict {
  readonly published: number;
  readonly acked: number;
  readonly refused: number;
  readonly indeterminate: number;
  /** Handed to handlers, each publication once per subscriber. */
  readonly delivered: number;
  /** One line each, as the lists below. */
  readonly lost: readonly string[];
  readonly duplicated: readonly string[];
  readonly reordered: readonly string[];
  readonly phantom: readonly string[];
  readonly gaps: readonly string[];
  readonly needlessGaps: readonly string[];
  /** Gaps that the server has told; a client tells those of channels without history by itself. */
  readonly serverGaps: number;
  /** The longest that a subscriber waited for something that had been published, hearing nothing. */
  readonly longestBlackoutMs: number;
  readonly latencies: readonly (Latency & { readonly subscriber: string })[];
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** Reads the logs of a run that is over, and finds everything that should not have been. */
export function check(logs: Logs, options: CheckOptions = {}): Verdict {
  const publishes = publishesOf(logs);
  const all = [...publishes.values()];
  const ackedIn = Map.groupBy(
    all.filter(({ outcome }) => outcome === "acked"),
    ({ channel }) => channel,
  );
  const findings: { readonly subscriber: string; readonly found: ChannelFindings }[] = [];
  let longestBlackoutMs = 0;
  for (const [subscriber, entries] of logs.subscribers) {
    const byChannel = Map.groupBy(entries, ({ channel }) => channel);
    for (const [channel, own] of byChannel) {
      findings.push({ subscriber, found: checkChannel(own, publishes, ackedIn.get(channel) ?? []) });
    }
    longestBlackoutMs = Math.max(longestBlackoutMs, blackoutOf(entries, publishes));
  }
  const collect = (of: (found: ChannelFindings) => readonly string[]): readonly string[] =>
    findings.flatMap(({ subscriber, found }) => of(found).map((line) => `${subscriber} ${line}`));
  const latencies = findings.flatMap(({ subscriber, found }) =>
    found.latencies.map((latency) => ({ subscriber, ...latency })),
  );
  const sorted = Float64Array.from(latencies, ({ ms }) => ms).toSorted();
  const gapLine = ({ channel, from, to, reason }: Gap): string => `${channel}: ${reason} ${from} to ${to}`;
  const needless = (gap: Gap): boolean => isNeedless(gap, ackedIn.get(gap.channel) ?? [], options);
  return {
    published: all.length,
    acked: count(all, "acked"),
    refused: count(all, "refused"),
    indeterminate: count(all, "indeterminate"),
    delivered: latencies.length,
    lost: collect(({ lost }) => lost),
    duplicated: collect(({ duplicated }) => duplicated),
    reordered: [...collect(({ reordered }) => reordered), ...contradictions(logs)],
    phantom: collect(({ phantom }) => phantom),
    gaps: collect(({ gaps }) => gaps.map(gapLine)),
    needlessGaps: collect(({ gaps }) => gaps.filter(needless).map(gapLine)),
    serverGaps: findings.flatMap(({ found }) => found.gaps).filter(({ reason }) => reason !== "no-history").length,
    longestBlackoutMs,
    latencies,
    latencyMs: { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: sorted.at(-1) ?? 0 },
  };
}

function count(all: readonly Publish[], outcome: Publish["outcome"]): number {
  return all.filter((publish) => publish.outcome === outcome).length;
}

/** History still held all that the gap speaks of, or it speaks of nothing. */
function isNeedless({ at, channel, from, to }: Gap, acked: readonly Publish[], options: CheckOptions): boolean {
  const history = typeof options.history === "function" ? options.history(channel) : options.history;
  const { recoveredPublications = 300, brokerLost = false } = options;
  if (!history || from === undefined || to === undefined) return false;
  const begin = placeOf(from);
  const end = placeOf(to);
  if (begin.epoch !== end.epoch) {
    // A history may be forgotten when all of it has expired.
    const youngest = acked.findLast(({ place }) => place?.epoch === begin.epoch);
    return !brokerLost && (!youngest || at - youngest.at < history.ttlMs);
  }
  const missed = end.offset - begin.offset;
  if (missed <= 0) return true;
  if (missed > Math.min(history.size, recoveredPublications)) return false;
  // As old as it may be at the most: it was stored when it was acked, or before.
  const oldest = acked.find(({ place }) => place?.epoch === begin.epoch && place.offset === begin.offset + 1);
  return oldest !== undefined && at - oldest.at < history.ttlMs;
}

/** Two subscribers that found something else at the same place have not heard one order. */
function contradictions({ subscribers }: Logs): readonly string[] {
  const ids = new Map<string, string>();
  const found: string[] = [];
  for (const [subscriber, entries] of subscribers) {
    for (const entry of entries) {
      if (entry.kind !== "delivered" || entry.position === undefined || entry.id === undefined) continue;
      const { epoch, offset } = placeOf(entry.position);
      const place = `${entry.channel} ${epoch}.${offset}`;
      const other = ids.get(place);
      if (other === undefined) ids.set(place, entry.id);
      else if (other !== entry.id) found.push(`${subscriber} ${place}: ${entry.id}, and elsewhere ${other}`);
    }
  }
  return found;
}

function blackoutOf(entries: readonly SubscriberEntry[], publishes: ReadonlyMap<string, Publish>): number {
  let lastHeardAt = -Infinity;
  let longest = 0;
  for (const entry of entries) {
    if (entry.kind !== "delivered") continue;
    const { pub, seq } = (entry.data ?? {}) as { readonly pub?: number; readonly seq?: number };
    const publish = publishes.get(`${pub}/${seq}`);
    if (!publish) continue;
    longest = Math.max(longest, entry.at - Math.max(lastHeardAt, publish.at));
    lastHeardAt = entry.at;
  }
  return longest;
}

/** @param sorted smallest first */
export function quantile(sorted: Float64Array, part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}
