import type { Position } from "../../../src/engine/publication.ts";
import { isSame, positionOf, textOf, type Truth } from "./truth.ts";

/** A gap as the application is told of it. */
export interface ToldGap {
  readonly channel: string;
  readonly from?: string;
  readonly to?: string;
  readonly reason: string;
}

/** What a listening is made of. */
export interface ListeningParts {
  readonly who: string;
  readonly channel: string;
  readonly hasHistory: boolean;
  readonly truth: Truth;
  readonly now: () => number;
  readonly fail: (message: string) => void;
}

/**
 * What one client's application hears of one channel from the moment in which it subscribed to the one in which it gave the
 * channel up, held against the truth after every word.
 */
export class Listening {
  readonly #parts: ListeningParts;
  /** What was heard last, or the place from which on everything is to be heard. */
  #at: Position | undefined;
  /** As `#at`, in a channel without history: where it may be. */
  #places: readonly number[] | undefined;
  /** In a channel without history: what comes after this is heard. */
  #beginsAt: number | undefined;
  /** Where the server said that it begins. */
  #begins: Position | undefined;
  #isOver = false;

  constructor(parts: ListeningParts, since?: Position) {
    this.#parts = parts;
    this.#at = since;
  }

  /** Where it stands. */
  get at(): Position | undefined {
    return this.#at ?? this.#begins;
  }

  get place(): number | undefined {
    return this.#places?.at(-1) ?? this.#beginsAt;
  }

  /** The server has answered that the subscription begins here. */
  begins(position: Position | undefined): void {
    const { hasHistory, truth, channel } = this.#parts;
    if (position) this.#begins = position;
    if (!hasHistory) this.#beginsAt = truth.plainTop(channel);
  }

  /** The application has given it up, or is gone. */
  end(): void {
    this.#isOver = true;
  }

  publication(id: string, data: unknown, position: string | undefined): void {
    const { who, channel, truth, hasHistory } = this.#parts;
    if (this.#isOver) this.#fail(`I13 ${who} heard ${id} in ${channel} after it had left`);
    truth.checkContent(who, channel, id, data);
    if (hasHistory) this.#kept(id, position);
    else this.#plain(id);
  }

  gap({ from, to, reason }: ToldGap): void {
    const { who, channel, hasHistory, truth, now } = this.#parts;
    if (this.#isOver) this.#fail(`I13 ${who} was told of a gap in ${channel} after it had left`);
    this.#places = undefined;
    if (!hasHistory) {
      if (reason !== "no-history") this.#fail(`I20 ${who} was told of a gap in ${channel} that is ${reason}`);
      return;
    }
    if (to === undefined) return this.#fail(`I2 ${who} was told of a gap in ${channel} without an end`);
    const end = positionOf(to);
    const begin = from === undefined ? undefined : positionOf(from);
    const at = this.#at ?? this.#begins;
    if (at && begin && !isSame(at, begin))
      this.#fail(`I2 ${who} was told of a gap in ${channel} from ${from} while it was at ${textOf(at)}`);
    if (begin && !truth.whyGap(channel, begin, end, now()))
      this.#fail(`I20 ${who} was told of a needless gap in ${channel} from ${from} to ${to}: ${reason}`);
    this.#at = end;
  }

  #kept(id: string, text: string | undefined): void {
    const { who, channel, truth } = this.#parts;
    if (text === undefined) return this.#fail(`I1 ${who} heard ${id} in ${channel} without a position`);
    const position = positionOf(text);
    const entry = truth.find(channel, position);
    if (!entry) return this.#fail(`I7 ${who} heard ${id} in ${channel} at ${text}, where nothing ever was`);
    if (entry.publication.id !== id)
      this.#fail(`I6 ${who} heard ${id} in ${channel} at ${text}, where ${entry.publication.id} is`);
    const at = this.#at ?? this.#begins;
    if (at && !isSame(entry.previous, at)) {
      const isBack = at.epoch === position.epoch && position.offset <= at.offset;
      const kind = isBack ? "I1 again or too late" : "I2 with a hole before it";
      this.#fail(`${kind}: ${who} heard ${text} in ${channel} after ${textOf(at)}`);
    }
    this.#at = position;
  }

  #plain(id: string): void {
    const { who, channel, truth } = this.#parts;
    const last = this.#places;
    const all = truth.placesOf(channel, id);
    const next = last ? all.filter((place) => last.includes(place - 1)) : all;
    if (last && next.length === 0) {
      const isBack = Math.max(...all) <= Math.max(...last);
      const kind = isBack ? "I1 again or too late" : "I2 with a hole before it";
      this.#fail(`${kind}: ${who} heard the ${all.join()}. of ${channel} after the ${last.join()}.`);
    }
    const begins = this.#beginsAt;
    if (!last && begins !== undefined && Math.min(...all) > begins + 1)
      this.#fail(
        `I2 with a hole before it: ${who} heard the ${all.join()}. of ${channel} first, and is there since the ${begins}.`,
      );
    this.#places = next;
  }

  #fail(message: string): void {
    this.#parts.fail(message);
  }
}
