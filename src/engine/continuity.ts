import type { GapReason } from "./delivery.ts";
import { andThen, isPending, type Later } from "./later.ts";
import type { HistoryPage, HistoryRange } from "./ports/broker.ts";
import type { Position, Publication } from "./publication.ts";
import { exceedsBytes } from "./payload-size.ts";
import { isSamePosition, reasonOf, type RecoveryLimits } from "./recovery.ts";

/** What a channel's continuity asks of the node. */
export interface ContinuityHost {
  readonly limits: RecoveryLimits;
  /** A part of the channel's history. */
  read(range: HistoryRange): Later<HistoryPage>;
  /** Runs it when nothing else is handed out. */
  inTurn(run: () => void): void;
  /** Hands it to all who are in the channel. */
  publication(publication: Publication): void;
  gap(from: Position, to: Position, reason: GapReason): void;
  /** A publication came once more. */
  repeated(): void;
}

interface Arrival {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Heard {
  readonly publication: Publication;
  readonly position: Position;
  readonly previous: Position | undefined;
  /** So many reads had been begun when it came. */
  readonly reads: number;
}

/** What so many reads do not bring that were begun after it was missed, is not there: one of them may see an older copy. */
const enoughReads = 2;

/**
 * Sees to it that a channel with history hands out everything exactly once and in order, whatever the broker repeats, loses or
 * swaps: what is missing is read, and what cannot be read is told as a gap before anything newer.
 */
export class Continuity {
  readonly #host: ContinuityHost;
  #last: Position | undefined;
  /** How often the tail check came by since something was heard. */
  #quiet = 0;
  /** One read at a time, the one that begins included; what comes meanwhile waits. */
  #isReading = true;
  #readsAgain = false;
  #waiting: Heard[] = [];
  /** More came than may wait; it has to be read as well. */
  #overflows = 0;
  /** So many reads were begun. */
  #reads = 0;
  #regressed = false;
  #arrivals: Arrival[] = [];
  /** Why the last read brought nothing. */
  #failure: { readonly cause: unknown } | undefined;
  #hasEnded = false;

  constructor(host: ContinuityHost) {
    this.#host = host;
  }

  /** What was handed out last. */
  get last(): Position {
    return this.#last!;
  }

  /** Finds out where the history stands; to be called when the broker sends us the channel. */
  begin(): Later<void> {
    return andThen(this.#host.read({ limit: 0 }), ({ top }) => {
      // At once and not in turn: nobody hears the channel yet.
      this.#last = top;
      this.#isReading = false;
      const waiting = this.#waiting.filter(
        ({ position }) => position.offset > top.offset || position.epoch !== top.epoch,
      );
      this.#waiting = [];
      for (const each of waiting) this.#take(each);
    });
  }

  /** A publication came from the broker; to be called in a turn. */
  heard(publication: Publication, previous: Position | undefined): void {
    if (!this.#failure) this.#quiet = 0;
    const { position } = publication;
    if (!position) this.#host.publication(publication);
    else this.#take({ publication, position, previous, reads: this.#reads });
  }

  /**
   * The tail check came by. A channel in which nothing was heard compares itself with its history every other time, so that
   * within two periods a loss is found that nothing newer gives away.
   */
  visit(): void {
    this.#quiet += 1;
    if (this.#failure || this.#quiet % 2 === 0) this.check();
  }

  /** Compares the channel with its history, and hands out what was missed. */
  check(): void {
    if (this.#hasEnded || !this.#last) return;
    if (this.#isReading) this.#readsAgain = true;
    else this.#read();
  }

  /** Ends when the channel has got to a position, or can get no further. Fails when its history cannot be read. */
  reach({ epoch, offset }: Position): Later<void> {
    const { last } = this;
    if (epoch === last.epoch && offset <= last.offset) return undefined;
    this.check();
    if (this.#isReading) return new Promise((resolve, reject) => this.#arrivals.push({ resolve, reject }));
    if (this.#failure) throw this.#failure.cause;
    return undefined;
  }

  /** Nobody is in the channel any more. */
  end(): void {
    this.#hasEnded = true;
    this.#waiting = [];
    this.#arrive();
  }

  #take(heard: Heard): void {
    if (!this.#isReading && this.#waiting.length === 0) {
      const place = placeOf(heard, this.last);
      if (place === "old") return this.#host.repeated();
      if (place === "next") return this.#hand(heard.publication, heard.position);
    }
    if (this.#waiting.push(heard) > this.#host.limits.recoveredPublications) {
      this.#waiting = [];
      this.#overflows += 1;
      this.#readsAgain = true;
    }
    // A broker that could not be reached is not asked for each publication, but when the tail check comes by.
    if (!this.#isReading && !this.#failure) this.#read();
  }

  #hand(publication: Publication, position: Position): void {
    this.#last = position;
    this.#host.publication(publication);
  }

  #tellGap(to: Position, reason: GapReason): void {
    const from = this.last;
    // What was missing waited, and comes next.
    if (isSamePosition(from, to)) return;
    this.#last = to;
    this.#host.gap(from, to, reason);
  }

  #read(): void {
    this.#isReading = true;
    this.#reads += 1;
    this.#readsAgain = false;
    this.#failure = undefined;
    const found = (page: HistoryPage): void => this.#host.inTurn(() => this.#settle(page));
    const failed = (cause: unknown): void => {
      this.#failure = { cause };
      this.#rest();
    };
    try {
      const page = this.#host.read({ after: this.last, limit: this.#host.limits.recoveredPublications + 1 });
      if (isPending(page)) page.then(found, failed);
      else found(page);
    } catch (error) {
      failed(error);
    }
  }

  #settle(page: HistoryPage): void {
    if (this.#hasEnded) return;
    const { last } = this;
    const { top } = page;
    if (!this.#regressed && top.epoch === last.epoch && top.offset < last.offset) {
      // A copy of the history that lags behind says the same as one that was lost; which of them, the second look tells.
      this.#regressed = true;
      this.#read();
      return;
    }
    this.#regressed = false;
    const waiting = this.#takeWaiting(top.epoch);
    if (this.#isTooMuch(page)) this.#tellGap(this.#whereTo(page, waiting), "too-much");
    else if (page.isCovered) this.#handMissing(page);
    else this.#tellGap(this.#whereTo(page, waiting), reasonOf(last, page));
    this.#waiting = this.#handWaiting(waiting, last);
    const isBehind = this.last.epoch === top.epoch && this.last.offset < top.offset;
    const hasAdvanced = !isSamePosition(last, this.last);
    if (this.#readsAgain || this.#waiting.length > 0 || (isBehind && hasAdvanced)) return this.#read();
    if (isBehind) this.#tellGap(top, "expired");
    this.#rest();
  }

  /** What waited, in its order; what is of another epoch than the history is a repetition of something lost. */
  #takeWaiting(epoch: string): Heard[] {
    const waiting = this.#waiting.filter(({ position }) => position.epoch === epoch);
    for (let stale = this.#waiting.length - waiting.length; stale > 0; stale -= 1) this.#host.repeated();
    this.#waiting = [];
    return waiting.toSorted((a, b) => a.position.offset - b.position.offset);
  }

  #isTooMuch({ isCovered, publications }: HistoryPage): boolean {
    const { recoveredPublications, recoveredBytes } = this.#host.limits;
    if (!isCovered) return false;
    return publications.length > recoveredPublications || exceedsBytes(publications, recoveredBytes);
  }

  /** A gap ends where what waits begins, or where the history does not go on. */
  #whereTo({ top }: HistoryPage, waiting: readonly Heard[]): Position {
    const { last } = this;
    const first = waiting.find(({ position }) => position.epoch !== last.epoch || position.offset > last.offset);
    return first?.previous ?? top;
  }

  #handMissing({ publications }: HistoryPage): void {
    for (const publication of publications) {
      const { position } = publication;
      if (position?.offset === this.last.offset + 1) this.#hand(publication, position);
    }
  }

  /** What is missing before it may be in another read: too few have looked for it, or none from where it is missing. */
  #mayStillCome({ reads }: Heard, asked: Position): boolean {
    if (this.#overflows >= 2) return false;
    return this.#reads - reads < enoughReads || !isSamePosition(this.last, asked);
  }

  /** @param asked where the last read began @returns what has to wait for another one */
  #handWaiting(waiting: Heard[], asked: Position): Heard[] {
    for (const [index, heard] of waiting.entries()) {
      const place = placeOf(heard, this.last);
      if (place === "old") this.#host.repeated();
      else if (place === "next") this.#hand(heard.publication, heard.position);
      else if (this.#mayStillCome(heard, asked)) return waiting.slice(index);
      else {
        // It was looked for, and the history has it not. Without a predecessor nobody could say where the gap ends before it.
        this.#tellGap(heard.previous ?? heard.position, this.#overflows > 0 ? "too-much" : "expired");
        if (heard.previous) this.#hand(heard.publication, heard.position);
      }
    }
    return [];
  }

  /** Nothing is being read any more. */
  #rest(): void {
    this.#isReading = false;
    this.#overflows = 0;
    this.#arrive();
  }

  #arrive(): void {
    const arrivals = this.#arrivals;
    this.#arrivals = [];
    for (const { resolve, reject } of arrivals) {
      if (this.#failure) reject(this.#failure.cause);
      else resolve();
    }
  }
}

/** Where a publication stands in relation to the last one; `unclear`: the history has to be asked. */
function placeOf({ position, previous }: Heard, last: Position): "old" | "next" | "unclear" {
  if (position.epoch !== last.epoch) return "unclear";
  if (position.offset > last.offset + 1) return "unclear";
  if (position.offset === last.offset + 1) {
    return previous === undefined || isSamePosition(previous, last) ? "next" : "unclear";
  }
  return position.offset === last.offset && position.tag !== last.tag ? "unclear" : "old";
}
