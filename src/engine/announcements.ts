import type { Clock, Timer } from "../platform/clock.ts";
import { Presence, type Member, type PresenceKind } from "./presence.ts";
import { isSame, settle, type Announcement, type Change } from "./settling.ts";
import { TokenBucket } from "./token-bucket.ts";

/** A connection, as far as presence goes. */
export interface Present {
  readonly id: string;
  /** As others are to see it. */
  readonly member: Member;
}

/** What announcing needs. */
export interface AnnouncementsParts<P extends Present> {
  readonly kind: PresenceKind;
  readonly clock: Clock;
  /** So many changes are announced at once, and so many in each second from then on. */
  readonly changesPerSecond: number;
  /** Tells all subscribers but these. */
  tell(announcement: Announcement, except: ReadonlySet<P>): void;
}

const gatheringMs = 1_000;
const nobody: ReadonlySet<never> = new Set();

/**
 * Who is in one channel, and what its subscribers are told of it.
 *
 * Each change is announced at once, until there are too many. Then they are gathered for a second, and announced is what has
 * become of them: who left and came back as before, or came and left, has not moved. What subscribers know is always what was
 * announced, and of themselves that they are there.
 */
export class Announcements<P extends Present> {
  readonly #parts: AnnouncementsParts<P>;
  readonly #bucket: TokenBucket;
  readonly #announced: Presence;
  /** By connection: what is not announced yet. */
  readonly #gathered = new Map<string, Change<P>>();
  /** Those who know already of what is to be announced: each member's own connections that were told of it when they entered. */
  readonly #ahead = new Map<string, Set<P>>();
  #timer: Timer | undefined;
  #isTelling = false;

  constructor(parts: AnnouncementsParts<P>) {
    this.#parts = parts;
    this.#bucket = new TokenBucket(parts.clock, parts.changesPerSecond);
    this.#announced = new Presence(parts.kind);
  }

  /** As the server knows them or, for a dialect that shows users or connections whatever the rule says, as announced. */
  members(kind?: PresenceKind): readonly Member[] {
    if (kind || this.#gathered.size === 0) return this.#announced.members(kind);
    const presence = this.#announced.copy();
    settle(presence, new Map(this.#gathered));
    return presence.members();
  }

  /** What a subscriber is to know when it begins: what was announced, and itself if it is there. */
  listFor(one: P): readonly Member[] {
    const members = this.#announced.members();
    const isMissing = this.#ahead.get(this.#placeOf(one))?.has(one);
    return isMissing ? [...members, this.#announced.show(one.id, one.member)] : members;
  }

  /** It has subscribed, and is told of itself by the list. */
  enter(one: P): void {
    const { id, member } = one;
    const { kind } = this.#parts;
    const known = kind === "users" ? this.#announced.user(member.user) : this.#announced.memberOf(id);
    if (!known) this.#aheadAt(this.#placeOf(one)).add(one);
    this.#come(one, true);
  }

  /** It is back, and hears of it as others do. */
  appear(one: P): void {
    this.#come(one, false);
  }

  /** It is away, but still subscribed. Nothing happens when it was not there. */
  disappear(one: P): void {
    const { id } = one;
    if (!this.#announced.memberOf(id)) this.#forget(id);
    else if (this.#mayTell()) this.#tellNow({ kind: "leave", ...this.#announced.leave(id)! });
    else this.#gather(id, { one, hasEntered: false });
  }

  /** It is not subscribed any more. @param isQuiet nobody needs to hear of it */
  leave(one: P, isQuiet: boolean): void {
    const place = this.#placeOf(one);
    const ahead = this.#ahead.get(place);
    if (ahead?.delete(one) && ahead.size === 0) this.#ahead.delete(place);
    if (!isQuiet) return this.disappear(one);
    this.#forget(one.id);
    this.#announced.leave(one.id);
  }

  /** Nobody is left who could be told anything. */
  end(): void {
    settle(this.#announced, this.#gathered);
    this.#rest();
  }

  #come(one: P, hasEntered: boolean): void {
    const { id, member } = one;
    const change = { one, member, hasEntered };
    if (this.#mayTell()) this.#tellNow({ kind: "join", ...this.#announced.join(id, member) }, change);
    else if (isSame(this.#announced.memberOf(id), member)) this.#forget(id);
    else this.#gather(id, change);
  }

  /** What is gathered comes first, and what is being told reaches everybody before what comes of it. */
  #mayTell(): boolean {
    return !this.#isTelling && this.#gathered.size === 0 && this.#bucket.take();
  }

  #gather(id: string, change: Change<P>): void {
    this.#gathered.set(id, change);
    this.#timer ??= this.#parts.clock.after(gatheringMs, () => this.#announceGathered());
  }

  #forget(id: string): void {
    this.#gathered.delete(id);
    this.#rest();
  }

  #rest(): void {
    if (this.#gathered.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #announceGathered(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    settle(this.#announced, this.#gathered, (announcement, change) => {
      // It counts like any other, or there would be as many again right after it.
      this.#bucket.take();
      this.#tell(announcement, change);
    });
    this.#rest();
  }

  #tellNow(announcement: Announcement, change?: Change<P>): void {
    this.#tell(announcement, change);
    // Those whom it has ended.
    if (this.#gathered.size > 0) this.#announceGathered();
  }

  #tell(announcement: Announcement, change?: Change<P>): void {
    this.#isTelling = true;
    this.#parts.tell(announcement, change ? this.#knowing(announcement, change) : nobody);
    this.#isTelling = false;
  }

  /** Who has the join of a connection in its list. */
  #knowing(announcement: Announcement, { one, hasEntered }: Change<P>): ReadonlySet<P> {
    const isShown = announcement.member.id !== undefined || (announcement.kind === "join" && announcement.isFirst);
    if (!isShown) return hasEntered ? new Set([one]) : nobody;
    const place = this.#placeOf(one);
    const ahead = this.#ahead.get(place);
    this.#ahead.delete(place);
    return ahead ?? nobody;
  }

  /** Of what there is one in the list. */
  #placeOf({ id, member }: P): string {
    return this.#parts.kind === "users" ? member.user : id;
  }

  #aheadAt(place: string): Set<P> {
    let ahead = this.#ahead.get(place);
    if (!ahead) this.#ahead.set(place, (ahead = new Set()));
    return ahead;
  }
}
