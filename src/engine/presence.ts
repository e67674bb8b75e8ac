/** One user in a channel or, where the rule shows each connection by itself, one connection. */
export interface Member {
  /** The user's id or, for an anonymous one, its connection's. */
  readonly user: string;
  /** The connection's id, where each one is shown by itself. */
  readonly id?: string;
  /** What the server says about the user; never what the client claims. */
  readonly info?: unknown;
}

/** What a channel's members are: users, each of them once, or connections. */
export type PresenceKind = "users" | "connections";

/** A connection has come. */
export interface Arrival {
  /** As the channel's rule shows it. */
  readonly member: Member;
  readonly connection: string;
  /** Its user was not there before. */
  readonly isFirst: boolean;
}

/** A connection has gone. */
export interface Departure {
  /** As it had joined. */
  readonly member: Member;
  readonly connection: string;
  /** Its user is not there any more. */
  readonly isLast: boolean;
}

/** Who is in one channel: a user is there from its first connection's join to its last one's leave. */
export class Presence {
  readonly #kind: PresenceKind;
  readonly #users = new Map<string, { readonly member: Member; connections: number }>();
  readonly #connections = new Map<string, Member>();

  constructor(kind: PresenceKind = "users") {
    this.#kind = kind;
  }

  join(connection: string, member: Member): Arrival {
    const present = this.#users.get(member.user);
    if (present) present.connections += 1;
    else this.#users.set(member.user, { member, connections: 1 });
    this.#connections.set(connection, member);
    return { member: this.show(connection, member), connection, isFirst: !present };
  }

  /** @returns `undefined` when the connection was not there. */
  leave(connection: string): Departure | undefined {
    const member = this.#connections.get(connection);
    const present = member && this.#users.get(member.user);
    if (!present) return undefined;
    this.#connections.delete(connection);
    present.connections -= 1;
    const isLast = present.connections === 0;
    if (isLast) this.#users.delete(member.user);
    const shown = this.#kind === "users" ? present.member : withId(connection, member);
    return { member: shown, connection, isLast };
  }

  /** Whom a connection belongs to, and what was said of it. */
  memberOf(connection: string): Member | undefined {
    return this.#connections.get(connection);
  }

  /** As its first connection brought it. */
  user(user: string): Member | undefined {
    return this.#users.get(user)?.member;
  }

  /** A connection as the channel's rule shows it. */
  show(connection: string, member: Member): Member {
    return this.#kind === "users" ? member : withId(connection, member);
  }

  copy(): Presence {
    const copy = new Presence(this.#kind);
    for (const [user, present] of this.#users) copy.#users.set(user, { ...present });
    for (const [connection, member] of this.#connections) copy.#connections.set(connection, member);
    return copy;
  }

  /** As the channel's rule shows them, or as a dialect does whatever the rule says; the oldest first. */
  members(kind: PresenceKind = this.#kind): readonly Member[] {
    if (kind === "users") return Array.from(this.#users.values(), ({ member }) => member);
    return Array.from(this.#connections, ([connection, member]) => withId(connection, member));
  }
}

function withId(id: string, { user, info }: Member): Member {
  return info === undefined ? { user, id } : { user, id, info };
}
