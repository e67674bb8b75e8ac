import type { Arrival, Departure, Member, Presence } from "./presence.ts";

/** What the subscribers of a channel are told of who comes and goes. */
export type Announcement = ({ readonly kind: "join" } & Arrival) | ({ readonly kind: "leave" } & Departure);

/** How a connection differs from what was announced of it. */
export interface Change<P> {
  readonly one: P;
  /** As it is there now; absent when it is gone. */
  readonly member?: Member;
  /** It has just subscribed, and was told of itself. */
  readonly hasEntered: boolean;
}

/**
 * Makes of what was announced what is true, by as few announcements as there can be; each change is taken out of `changes`
 * before it is told.
 *
 * Telling may close a client, so that further changes come meanwhile: whatever is not there any more is not told.
 */
export function settle<P>(
  announced: Presence,
  changes: Map<string, Change<P>>,
  told: (announcement: Announcement, change?: Change<P>) => void = () => undefined,
): void {
  const come = (id: string): void => {
    const change = changes.get(id);
    if (!change?.member) return;
    changes.delete(id);
    told({ kind: "join", ...announced.join(id, change.member) }, change);
  };
  const go = (id: string): void => {
    const change = changes.get(id);
    if (!change) return;
    if (!change.member) changes.delete(id);
    const departure = announced.leave(id);
    if (departure) told({ kind: "leave", ...departure });
  };
  const userOf = (id: string): string | undefined => (changes.get(id)?.member ?? announced.memberOf(id))?.user;
  for (const [user = "", ids] of Map.groupBy([...changes.keys()], userOf)) {
    // Who is there with another connection, and is the same, was never gone.
    if (isSame(announced.user(user), firstMember(changes, ids))) {
      for (const id of ids) if (!announced.memberOf(id)) come(id);
    }
    for (const id of ids) go(id);
    for (const id of ids) come(id);
  }
}

/** Nobody who sees the one and then the other sees a change. */
export function isSame(one: Member | undefined, other: Member | undefined): boolean {
  if (!one || !other || one.user !== other.user) return false;
  return one.info === other.info || JSON.stringify(one.info) === JSON.stringify(other.info);
}

function firstMember(changes: ReadonlyMap<string, Change<unknown>>, ids: readonly string[]): Member | undefined {
  return ids.map((id) => changes.get(id)?.member).find((member) => member !== undefined);
}
