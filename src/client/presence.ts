import type { Member } from "../protocol/messages.ts";
import { createHandlers } from "./handlers.ts";

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
export interface MemberList extends Presence {
  /** The whole list, absent on a channel without presence. Joins and leaves are told only if there was one before. */
  replace(members: readonly Member[] | undefined): void;
  join(member: Member): void;
  leave(member: Member): void;
  clear(): void;
}

export function createMemberList(thrown: (error: unknown) => void): MemberList {
  const handlers = createHandlers();
  let byUser: ReadonlyMap<string, Member> = new Map();
  let members: readonly Member[] = [];
  let isKnown = false;

  const tell = (event: string, value: unknown): void => void handlers.call(event, [value], thrown);
  const become = (next: ReadonlyMap<string, Member>): void => {
    const before = byUser;
    byUser = next;
    members = [...next.values()];
    tell("change", members);
    if (!isKnown) return;
    for (const [user, member] of before) if (!next.has(user)) tell("leave", member);
    for (const [user, member] of next) if (!before.has(user)) tell("join", member);
  };

  return {
    get members() {
      return members;
    },
    on: handlers.on,
    replace(list) {
      if (!list) return;
      become(new Map(list.map((member) => [member.user, member])));
      isKnown = true;
    },
    join: (member) => become(new Map(byUser).set(member.user, member)),
    leave(member) {
      const next = new Map(byUser);
      if (next.delete(member.user)) become(next);
    },
    clear() {
      isKnown = false;
      if (byUser.size > 0) become(new Map());
    },
  };
}
