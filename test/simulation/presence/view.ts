import { isAllowed, keyOf } from "./channels.ts";

/** Who the server said is in the channels of one client, word by word. */
export class View {
  readonly #who: string;
  readonly #fail: (message: string) => void;
  readonly #members = new Map<string, Map<string, Told>>();
  /** How many comings and goings were told. */
  moves = 0;

  constructor(who: string, fail: (message: string) => void) {
    this.#who = who;
    this.#fail = fail;
  }

  members(channel: string): readonly string[] | undefined {
    const members = this.#members.get(channel);
    return members && [...members.keys()];
  }

  /** The session is another. */
  clear(): void {
    this.#members.clear();
  }

  /** One message of the server's, to a client of this user. */
  hear({ type, channel = "", member, members }: Message, user: string): void {
    if (type === "unsubscribed") this.#members.delete(channel);
    if (type === "subscribed") this.#members.set(channel, new Map(members?.map((one) => [keyOf(one), one])));
    if (type !== "join" && type !== "leave") return;
    this.moves += 1;
    const known = this.#members.get(channel);
    if (!isAllowed(channel, user)) this.#fail(`I18 ${this.#who} is ${user} and was told of ${type}s in ${channel}`);
    if (!known || !member) return this.#fail(`I10 ${this.#who} was told of a ${type} in ${channel}, where it is not`);
    const key = keyOf(member);
    if (known.has(key) !== (type === "leave"))
      this.#fail(
        `I10 ${this.#who} was told of a ${type} of ${key} in ${channel}, who is ${type === "join" ? "" : "not "}there`,
      );
    if (!isAllowed(channel, member.user)) this.#fail(`I18 ${member.user} is seen in ${channel}`);
    if (type === "join") known.set(key, member);
    else known.delete(key);
  }
}

/** A member as the server tells it. */
interface Told {
  readonly user: string;
  readonly id?: string;
}

/** What a message of the server's may hold. */
export interface Message {
  readonly type?: string;
  readonly channel?: string;
  readonly member?: Told;
  readonly members?: readonly Told[];
}
