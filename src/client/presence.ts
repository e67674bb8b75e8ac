import type { Member } from "../protocol/messages.ts";
import { createHandlers } from "./handlers.ts";

/** Who is in a channel that has presence. */
export interface Presence {
  /** Oldest first, the client itself included. While the connection is lost: as it was. */
  readonly members: readonly Member[];
  /** Called for everybody who comes or goes after the client has subscribed, or has while it was offline. */
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
  let byKey: ReadonlyMap<string, Member> | undefined;
  let members: readonly Member[] = [];

  const tell = (event: string, value: unknown): void => void handlers.call(event, [value], thrown);
  const become = (next?: ReadonlyMap<string, Member>): void => {
    const before = byKey;
    byKey = next;
    tell("change", (members = [...(next ?? []).values()]));
    if (!before || !next) return;
    for (const [key, member] of before) if (!next.has(key)) tell("leave", member);
    for (const [key, member] of next) if (!before.has(key)) tell("join", member);
  };

  return {
    get members() {
      return members;
    },
    on: handlers.on,
    replace(list) {
      if (list) become(new Map(list.map((member) => [keyOf(member), member])));
    },
    join: (member) => become(new Map(byKey).set(keyOf(member), member)),
    leave(member) {
      const next = new Map(byKey);
      if (next.delete(keyOf(member))) become(next);
    },
    clear() {
      if (byKey) become();
    },
  };
}

/** A user, or one connection of a user where the server shows each. */
const keyOf = ({ id, user }: Member): string => id ?? user;
