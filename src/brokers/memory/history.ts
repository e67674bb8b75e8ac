import type { HistoryPage, HistoryPolicy, HistoryRange } from "../../engine/ports/broker.ts";
import type { Position, Publication } from "../../engine/publication.ts";

/** A publication that is kept, with what is needed to know that it still counts and what came before it. */
interface Entry {
  readonly publication: Publication;
  readonly position: Position;
  readonly previousTag: string;
  /** Clock time of the last moment in which it is kept. */
  readonly until: number;
}

/** What a publication became in its history. */
export interface Appended {
  readonly publication: Publication & { readonly position: Position };
  readonly previous: Position;
}

/** So many dropped entries stay in the list before it is copied, so that dropping one costs nothing. */
const slack = 256;

/** The newest publications of one channel in one epoch. */
export class History {
  top: Position;
  /** Its entries are those from `#first` on; the ones before are dropped already. */
  #entries: (Entry | undefined)[] = [];
  #first = 0;

  constructor(epoch: string) {
    this.top = { epoch, offset: 0, tag: "0" };
  }

  /** Nothing was ever published here. */
  get isFresh(): boolean {
    return this.top.offset === 0;
  }

  get size(): number {
    return this.#entries.length - this.#first;
  }

  append(publication: Publication, tag: string, { size, ttlMs }: HistoryPolicy, now: number): Appended {
    const previous = this.top;
    const position = { epoch: previous.epoch, offset: previous.offset + 1, tag };
    const kept = { ...publication, position };
    this.#entries.push({ publication: kept, position, previousTag: previous.tag, until: now + ttlMs });
    this.top = position;
    while (this.size > size) this.#drop();
    this.trim(now);
    return { publication: kept, previous };
  }

  /** Drops what has been kept for long enough. */
  trim(now: number): void {
    while (this.size > 0 && this.#at(0).until < now) this.#drop();
    if (this.#first <= slack || this.#first * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }

  /** What is to be read must have been trimmed. */
  read({ after, before, limit }: HistoryRange): HistoryPage {
    const { top } = this;
    if (after) {
      const isKnown = this.#knows(after);
      const start = isKnown || this.#isPast(after) ? Math.max(0, after.offset - this.#base) : 0;
      return { top, isCovered: isKnown, publications: this.#slice(start, start + limit) };
    }
    if (before) {
      const isKnown = this.#knows(before);
      const end = isKnown ? Math.max(0, before.offset - 1 - this.#base) : 0;
      const isCovered = isKnown && (end > 0 || before.offset <= 1);
      return { top, isCovered, publications: this.#slice(Math.max(0, end - limit), end) };
    }
    return { top, isCovered: true, publications: this.#slice(Math.max(0, this.size - limit), this.size) };
  }

  /** The offset before the oldest entry. */
  get #base(): number {
    return this.top.offset - this.size;
  }

  /** It is a position of this history, and what came right after it is kept, if anything did. */
  #knows({ epoch, offset, tag }: Position): boolean {
    const { top } = this;
    if (epoch !== top.epoch || offset > top.offset || offset < this.#base) return false;
    return tag === (offset === top.offset ? top.tag : this.#at(offset - this.#base).previousTag);
  }

  #isPast({ epoch, offset }: Position): boolean {
    return epoch === this.top.epoch && offset < this.top.offset;
  }

  #at(index: number): Entry {
    return this.#entries[this.#first + index]!;
  }

  #slice(start: number, end: number): readonly Publication[] {
    return this.#entries.slice(this.#first + start, this.#first + end).map((entry) => entry!.publication);
  }

  #drop(): void {
    this.#entries[this.#first] = undefined;
    this.#first += 1;
  }
}
