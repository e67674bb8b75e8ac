/** One user in a channel. */
export interface Member {
  /** The user's id or, for an anonymous one, its connection's. */
  readonly user: string;
  /** What the server says about the user; never what the client claims. */
  readonly info?: unknown;
}

/** Who is in one channel: a user is there from its first connection's join to its last one's leave. */
export class Presence {
  readonly #users = new Map<string, { readonly member: Member; connections: number }>();

  /** @returns whether this is the user's first connection here. */
  join(member: Member): boolean {
    const present = this.#users.get(member.user);
    if (present) {
      present.connections += 1;
      return false;
    }
    this.#users.set(member.user, { member, connections: 1 });
    return true;
  }

  /** @returns the member as it had joined, when this was the user's last connection here. */
  leave(user: string): Member | undefined {
    const present = this.#users.get(user);
    if (!present) return undefined;
    present.connections -= 1;
    if (present.connections > 0) return undefined;
    this.#users.delete(user);
    return present.member;
  }

  members(): readonly Member[] {
    return Array.from(this.#users.values(), ({ member }) => member);
  }
}
