import type { Member } from "../protocol/messages.ts";
import { Handlers } from "./handlers.ts";

/** Who is in a channel that has presence. */
export interface Presence {
  /** Oldest first, the client itself included. While the connection is lost: as it was. */
  readonly members: readonly Member[];
  /** Called for everybody who comes or goes after the client has subscribed, also when that was missed while offline. */
  on(event: "join" | "leave", handler: (member: Member) => unknown): () => void;
  /** Called whenever {@link members} is another list. */
  on(event: "change", handler: (members: readonly Member[]) => unknown): () => void;
}

/** Keeps the list of members as the server tells it. */
export class PresenceList implements Presence {
  readonly #handlers = new Handlers();
  readonly #thrown: (error: unknown) => void;
  #byUser = new Map<string, Member>();
  #members: readonly Member[] = [];
  #isKnown = false;

  constructor(thrown: (error: unknown) => void) {
    this.#thrown = thrown;
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  on(event: "join" | "leave" | "change", handler: (value: never) => unknown): () => void {
    return this.#handlers.on(event, handler);
  }

  /** The whole list, absent on a channel without presence. Joins and leaves are told only if there was one before. */
  replace(members: readonly Member[] | undefined): void {
    if (!members) return;
    const before = this.#byUser;
    const wasKnown = this.#isKnown;
    this.#byUser = new Map(members.map((member) => [member.user, member]));
    this.#isKnown = true;
    this.#changed();
    if (!wasKnown) return;
    for (const [user, member] of before) if (!this.#byUser.has(user)) this.#tell("leave", member);
    for (const [user, member] of this.#byUser) if (!before.has(user)) this.#tell("join", member);
  }

  join(member: Member): void {
    const isNew = !this.#byUser.has(member.user);
    this.#byUser.set(member.user, member);
    this.#changed();
    if (isNew) this.#tell("join", member);
  }

  leave(member: Member): void {
    if (!this.#byUser.delete(member.user)) return;
    this.#changed();
    this.#tell("leave", member);
  }

  clear(): void {
    this.#isKnown = false;
    if (this.#byUser.size === 0) return;
    this.#byUser = new Map();
    this.#changed();
  }

  #changed(): void {
    this.#members = [...this.#byUser.values()];
    this.#tell("change", this.#members);
  }

  #tell(event: string, value: unknown): void {
    this.#handlers.call(event, [value], this.#thrown);
  }
}
