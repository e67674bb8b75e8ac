import { placeOf, type Place, type SubscriberEntry } from "./logs.ts";
import { isGenuine } from "./payload.ts";
import { keyOf, type Publish } from "./publications.ts";

type Delivered = Extract<SubscriberEntry, { readonly kind: "delivered" }>;
export type Gap = Extract<SubscriberEntry, { readonly kind: "gap" }>;

/** What one subscriber went through in one channel. */
export interface ChannelFindings {
  readonly delivered: number;
  /** One line each, as all lists here. */
  readonly lost: readonly string[];
  readonly duplicated: readonly string[];
  readonly reordered: readonly string[];
  readonly phantom: readonly string[];
  readonly gaps: readonly Gap[];
  readonly latencies: readonly Latency[];
}

/** When it was published, and how long it took from there to the handler. */
export interface Latency {
  readonly at: number;
  readonly ms: number;
}

/** A time from a subscription to its end. */
interface Interval {
  /** Where the subscriber's log has it. */
  readonly begin: number;
  readonly end: number;
  readonly isOpen: boolean;
}

/** Holds what one subscriber wrote down of one channel against what was published there. */
export function checkChannel(
  entries: readonly SubscriberEntry[],
  publishes: ReadonlyMap<string, Publish>,
  acked: readonly Publish[],
): ChannelFindings {
  const duplicated: string[] = [];
  const reordered: string[] = [];
  const phantom: string[] = [];
  const latencies: Latency[] = [];
  const heard = new Set<string>();
  const places = new Set<string>();
  const ids = new Set<string>();
  const lastSeq = new Map<number, number>();
  let last: Place | undefined;
  for (const entry of entries) {
    if (entry.kind !== "delivered") continue;
    const { data, channel, id, position, at } = entry;
    const publish = isGenuine(data, channel) ? publishes.get(keyOf(data.pub, data.seq)) : undefined;
    if (!publish || publish.channel !== channel || !agrees(publish, entry)) {
      phantom.push(`${channel}: ${JSON.stringify(entry)}`);
      continue;
    }
    const key = keyOf(publish.pub, publish.seq);
    const place = position === undefined ? undefined : placeOf(position);
    const placeKey = place && `${place.epoch}.${place.offset}`;
    const line = `${channel}: ${key} at ${position ?? "no position"}`;
    if (heard.has(key) || (id !== undefined && ids.has(id)) || (placeKey !== undefined && places.has(placeKey))) {
      duplicated.push(line);
      continue;
    }
    heard.add(key);
    if (id !== undefined) ids.add(id);
    if (placeKey !== undefined) places.add(placeKey);
    latencies.push({ at: publish.at, ms: at - publish.at });
    const isOld = place && last && place.epoch === last.epoch && place.offset < last.offset;
    if (isOld || publish.seq < (lastSeq.get(publish.pub) ?? 0)) reordered.push(line);
    else lastSeq.set(publish.pub, publish.seq);
    if (!isOld) last = place;
  }
  const gaps = entries.filter((entry) => entry.kind === "gap");
  const missing = intervalsOf(entries).flatMap((interval) =>
    acked.filter((publish) => {
      if (heard.has(keyOf(publish.pub, publish.seq)) || !isDue(publish, interval, entries)) return false;
      return !gaps.some((gap) => isCovered(publish, gap, interval, entries));
    }),
  );
  const lost = new Set(
    missing.map(({ channel, pub, seq, place }) => `${channel}: ${keyOf(pub, seq)} at ${place?.offset}`),
  );
  return { delivered: latencies.length, lost: [...lost], duplicated, reordered, phantom, gaps, latencies };
}

/** The broker has told everyone the same about it. */
function agrees({ id, place }: Publish, delivered: Delivered): boolean {
  if (id !== undefined && delivered.id !== undefined && id !== delivered.id) return false;
  if (!place || delivered.position === undefined) return true;
  const heard = placeOf(delivered.position);
  return heard.epoch === place.epoch && heard.offset === place.offset && heard.tag === place.tag;
}

function intervalsOf(entries: readonly SubscriberEntry[]): readonly Interval[] {
  const intervals: Interval[] = [];
  let begin: number | undefined;
  for (const [index, { kind }] of entries.entries()) {
    if (kind === "subscribed") begin ??= index;
    if (kind !== "unsubscribed" || begin === undefined) continue;
    intervals.push({ begin, end: index, isOpen: false });
    begin = undefined;
  }
  if (begin !== undefined) intervals.push({ begin, end: entries.length, isOpen: true });
  return intervals;
}

/** It had to be heard in this interval: it came after its begin and, where it was given up, before something heard. */
function isDue(publish: Publish, { begin, end, isOpen }: Interval, entries: readonly SubscriberEntry[]): boolean {
  const first = entries[begin] as Extract<SubscriberEntry, { readonly kind: "subscribed" }>;
  const from = first.position === undefined ? undefined : placeOf(first.position);
  if (from && publish.place?.epoch === from.epoch ? publish.place.offset <= from.offset : publish.at < first.at) {
    return false;
  }
  return isOpen || entries.slice(begin, end).some((entry) => entry.kind === "delivered" && isNewer(entry, publish));
}

/** The gap was told in this interval, before anything newer, and says that this may be missing. */
function isCovered(publish: Publish, gap: Gap, { begin, end }: Interval, entries: readonly SubscriberEntry[]): boolean {
  const told = entries.indexOf(gap);
  if (told < begin || told > end) return false;
  const before = entries.slice(begin, told);
  if (before.some((entry) => entry.kind === "delivered" && isNewer(entry, publish))) return false;
  return spans(gap, publish, before);
}

function spans({ at, from, to }: Gap, { place, at: triedAt }: Publish, before: readonly SubscriberEntry[]): boolean {
  // Without positions there is only time: what was under way between the last word and the gap.
  if (to === undefined || !place) return triedAt <= at;
  const end = placeOf(to);
  const begin = from === undefined ? undefined : placeOf(from);
  if (place.epoch === end.epoch)
    return place.offset <= end.offset && (begin?.epoch !== end.epoch || place.offset > begin.offset);
  if (place.epoch === begin?.epoch) return place.offset > begin.offset;
  // Of an epoch that came and went between the two.
  return triedAt <= at && !before.some((entry) => "position" in entry && placeOf(entry.position).epoch === end.epoch);
}

function isNewer(delivered: Delivered, { place, pub, seq }: Publish): boolean {
  if (place && delivered.position !== undefined) {
    const heard = placeOf(delivered.position);
    return heard.epoch === place.epoch && heard.offset > place.offset;
  }
  const { data, channel } = delivered;
  return isGenuine(data, channel) && data.pub === pub && data.seq > seq;
}
