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
  const missing = intervalsOf(entries).flatMap(({ begin, end, isOpen }) => {
    const inAll = isOpen ? undefined : heardIn(entries, begin, end);
    const told = gaps.filter((gap) => entries.indexOf(gap) >= begin && entries.indexOf(gap) < end);
    const covers = told.map((gap) => ({ gap, before: heardIn(entries, begin, entries.indexOf(gap)) }));
    return acked.filter((publish) => {
      if (heard.has(keyOf(publish.pub, publish.seq)) || !isAfter(publish, entries[begin] as Subscribed)) return false;
      // Where the subscription was given up, only what came before something heard had to be heard.
      if (inAll && !isNewer(inAll, publish)) return false;
      return !covers.some(({ gap, before }) => !isNewer(before, publish) && spans(gap, publish, before));
    });
  });
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

type Subscribed = Extract<SubscriberEntry, { readonly kind: "subscribed" }>;

/** It came after the subscription had begun. */
function isAfter({ place, at }: Publish, subscribed: Subscribed): boolean {
  const from = subscribed.position === undefined ? undefined : placeOf(subscribed.position);
  return from && place?.epoch === from.epoch ? place.offset > from.offset : at >= subscribed.at;
}

/** How far a part of a log has come. */
interface Heard {
  /** The largest, by epoch. */
  readonly offsets: ReadonlyMap<string, number>;
  /** Of those without a position: the largest, by publisher. */
  readonly seqs: ReadonlyMap<number, number>;
}

function heardIn(entries: readonly SubscriberEntry[], begin: number, end: number): Heard {
  const offsets = new Map<string, number>();
  const seqs = new Map<number, number>();
  for (const entry of entries.slice(begin, end)) {
    if (entry.kind !== "delivered") continue;
    if (entry.position !== undefined) {
      const { epoch, offset } = placeOf(entry.position);
      offsets.set(epoch, Math.max(offset, offsets.get(epoch) ?? 0));
    } else if (isGenuine(entry.data, entry.channel)) {
      const { pub, seq } = entry.data;
      seqs.set(pub, Math.max(seq, seqs.get(pub) ?? 0));
    }
  }
  return { offsets, seqs };
}

/** Something newer than it is among what was heard. */
function isNewer({ offsets, seqs }: Heard, { place, pub, seq }: Publish): boolean {
  return place ? (offsets.get(place.epoch) ?? 0) > place.offset : (seqs.get(pub) ?? 0) > seq;
}

/** The gap says that this may be missing. */
function spans({ at, from, to }: Gap, { place, at: triedAt }: Publish, before: Heard): boolean {
  // Without positions there is only time: what was under way between the last word and the gap.
  if (to === undefined || !place) return triedAt <= at;
  const end = placeOf(to);
  const begin = from === undefined ? undefined : placeOf(from);
  if (place.epoch === end.epoch)
    return place.offset <= end.offset && (begin?.epoch !== end.epoch || place.offset > begin.offset);
  if (place.epoch === begin?.epoch) return place.offset > begin.offset;
  // Of an epoch that came and went between the two.
  return triedAt <= at && !before.offsets.has(end.epoch);
}
