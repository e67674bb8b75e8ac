import type { Position, Publication } from "../../../src/engine/publication.ts";

/** One publication that the broker has accepted, and what became of it. */
export interface Entry {
  readonly publication: Publication;
  readonly previous: Position;
  readonly position: Position;
  readonly at: number;
  /** When it had to make room for newer ones. */
  trimmedAt: number | undefined;
  /** When the broker lost it. */
  lostAt: number | undefined;
}

/** How much of the past a channel keeps and replays. */
export interface Bounds {
  readonly size: number;
  readonly ttlMs: number;
  readonly recovered: number;
  readonly recoveredBytes: number;
}

/** What is published: it says who published it, as which of theirs, and proves itself. */
export interface Payload {
  readonly by: string;
  readonly number: number;
  readonly sum: number;
  readonly padding: string;
}

export function payload(by: string, number: number, channel: string, length: number): Payload {
  return { by, number, sum: sumOf(by, number, channel), padding: "x".repeat(length) };
}

/** Everything that the broker ever accepted, the lost included: what all others are held against. */
export class Truth {
  readonly #bounds: Bounds;
  readonly #fail: (message: string) => void;
  readonly #byPosition = new Map<string, Entry>();
  readonly #kept = new Map<string, Entry[]>();
  /** The ids of channels without history, in order. */
  readonly #plain = new Map<string, string[]>();
  readonly #publications = new Map<string, Publication>();
  /** By who published it and as which of theirs. */
  readonly #byPublisher = new Map<string, string>();
  readonly #attempted = new Map<string, string>();
  /** The highest number of each publisher in a channel. */
  readonly #lastNumbers = new Map<string, number>();
  readonly #repeated = new Set<string>();

  constructor(bounds: Bounds, fail: (message: string) => void) {
    this.#bounds = bounds;
    this.#fail = fail;
  }

  /** Somebody is about to publish this. */
  attempt(channel: string, { by, number }: Payload): void {
    const author = `${by}:${number}`;
    if (this.#attempted.has(author)) this.#repeated.add(author);
    this.#attempted.set(author, channel);
  }

  /** The broker has accepted it. */
  accepted(publication: Publication, previous: Position | undefined, now: number): void {
    const { channel, position, id } = publication;
    const { by, number } = publication.data as Payload;
    const author = `${by}:${number}`;
    if (this.#attempted.get(author) !== channel) this.#fail(`I3 ${author} in ${channel} was never published`);
    const before = this.#byPublisher.get(author);
    if (before !== undefined) this.#fail(`I5 ${author} is in ${channel} twice, as ${before} and ${id}`);
    this.#byPublisher.set(author, id);
    const last = this.#lastNumbers.get(`${channel} ${by}`) ?? 0;
    // What its application publishes once more may well be late.
    if (number <= last && !this.#repeated.has(author)) this.#fail(`I8 ${author} is in ${channel} after number ${last}`);
    this.#lastNumbers.set(`${channel} ${by}`, Math.max(number, last));
    this.#publications.set(`${channel} ${id}`, publication);
    if (!position || !previous) {
      this.#plainOf(channel).push(id);
      return;
    }
    const entry: Entry = { publication, previous, position, at: now, trimmedAt: undefined, lostAt: undefined };
    const top = this.top(channel);
    if (top && !isSame(top, previous))
      this.#fail(`I7 ${textOf(position)} in ${channel} comes after ${textOf(previous)} and not after ${textOf(top)}`);
    if (position.offset !== previous.offset + 1 || position.epoch !== previous.epoch)
      this.#fail(`I7 ${textOf(position)} follows ${textOf(previous)} in ${channel}`);
    this.#byPosition.set(`${channel} ${textOf(position)}`, entry);
    const kept = this.#keptOf(channel);
    kept.push(entry);
    const trimmed = kept.at(-1 - this.#bounds.size);
    if (trimmed) trimmed.trimmedAt ??= now;
  }

  /** It was refused, or given up: when it is accepted after all, then perhaps after others that came later. */
  mayBeLate({ by, number }: Payload): void {
    this.#repeated.add(`${by}:${number}`);
  }

  /** The broker does not know any more that it has accepted these, and may do so again. */
  forget(publications: readonly Publication[]): void {
    for (const { data } of publications) {
      const { by, number } = data as Payload;
      this.#byPublisher.delete(`${by}:${number}`);
      this.#repeated.add(`${by}:${number}`);
    }
  }

  /** The broker lost these, the newest of a channel or all of them. */
  lost(entries: readonly Entry[], now: number): void {
    for (const entry of entries) {
      entry.lostAt = now;
      const kept = this.#keptOf(entry.publication.channel);
      const index = kept.indexOf(entry);
      if (index >= 0) kept.splice(index, 1);
    }
  }

  /** What the broker has not lost, oldest first; more than its history may still hold. */
  kept(channel: string): readonly Entry[] {
    return this.#keptOf(channel);
  }

  top(channel: string): Position | undefined {
    return this.#keptOf(channel).at(-1)?.position;
  }

  find(channel: string, position: Position): Entry | undefined {
    return this.#byPosition.get(`${channel} ${textOf(position)}`);
  }

  /** The places of a publication in a channel without history; several when it was accepted again after it was lost. */
  placesOf(channel: string, id: string): readonly number[] {
    return this.#plainOf(channel).flatMap((other, index) => (other === id ? [index + 1] : []));
  }

  plainTop(channel: string): number {
    return this.#plainOf(channel).length;
  }

  publication(channel: string, id: string): Publication | undefined {
    return this.#publications.get(`${channel} ${id}`);
  }

  /** @returns why there had to be a gap, or `undefined` when there need not have been one */
  whyGap(channel: string, from: Position, to: Position, now: number): string | undefined {
    if (from.epoch !== to.epoch) return "another epoch";
    if (to.offset <= from.offset) return isSame(from, to) ? undefined : "the history went back";
    const missing: Entry[] = [];
    let place = to;
    while (place.offset > from.offset) {
      const entry = this.find(channel, place);
      if (!entry) return undefined;
      missing.push(entry);
      place = entry.previous;
    }
    if (!isSame(place, from)) return "another history";
    const { ttlMs, recovered, recoveredBytes } = this.#bounds;
    if (missing.some(({ trimmedAt, lostAt }) => trimmedAt !== undefined || lostAt !== undefined)) return "not kept";
    if (missing.some(({ at }) => at + ttlMs < now)) return "expired";
    // A node that is behind by more than may be replayed need not tell how much of it could still be read.
    const kept = this.kept(channel);
    const behind = kept.filter(({ position }) => position.offset > from.offset);
    // So many that came in while it read, too.
    const recent = kept.filter(({ at }) => at > now - 5_000);
    if (behind.length > recovered || recent.length > recovered) return "too many";
    const bytes = behind.reduce((sum, { publication }) => sum + JSON.stringify(publication.data).length, 0);
    // Nodes estimate.
    return bytes * 1.5 > recoveredBytes ? "too long" : undefined;
  }

  /** Whether what a subscriber was handed is what was published. */
  checkContent(who: string, channel: string, id: string, data: unknown): void {
    const { by, number, sum } = data as Payload;
    const published = this.publication(channel, id);
    if (!published) this.#fail(`I3 ${who} heard ${id} in ${channel}, which the broker never accepted`);
    else if (sum !== sumOf(by, number, channel) || (published.data as Payload).number !== number)
      this.#fail(`I3 ${who} heard ${id} in ${channel} with another content`);
  }

  #keptOf(channel: string): Entry[] {
    let kept = this.#kept.get(channel);
    if (!kept) this.#kept.set(channel, (kept = []));
    return kept;
  }

  #plainOf(channel: string): string[] {
    let plain = this.#plain.get(channel);
    if (!plain) this.#plain.set(channel, (plain = []));
    return plain;
  }
}

export function isSame(a: Position, b: Position): boolean {
  return a.epoch === b.epoch && a.offset === b.offset && a.tag === b.tag;
}

export function textOf({ epoch, offset, tag }: Position): string {
  return `${epoch}.${offset}.${tag}`;
}

export function positionOf(text: string): Position {
  const [epoch = "", offset = "", tag = ""] = text.split(".");
  return { epoch, offset: Number(offset), tag };
}

function sumOf(by: string, number: number, channel: string): number {
  let sum = number;
  for (const letter of by + channel) sum = (sum * 31 + letter.charCodeAt(0)) % 65_521;
  return sum;
}
