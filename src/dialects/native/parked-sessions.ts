import type { CloseName } from "../../errors/close-codes.ts";
import type { Clock, Timer } from "../../platform/clock.ts";

/** What may be without a link for a while. */
export interface Parkable {
  /** Absent when it ends with its link. */
  readonly secret: string | undefined;
  expire(name: CloseName): void;
}

/** The conversations of one endpoint that may go on over another link, by their secrets. */
export class ParkedSessions<Conversation extends Parkable> {
  readonly #clock: Clock;
  readonly #windowMs: number;
  readonly #bySecret = new Map<string, Conversation>();
  readonly #deadlines = new Map<Conversation, Timer>();

  /** @param windowMs how long one waits for its client without a link */
  constructor(clock: Clock, windowMs: number) {
    this.#clock = clock;
    this.#windowMs = windowMs;
  }

  add(conversation: Conversation): void {
    if (conversation.secret !== undefined) this.#bySecret.set(conversation.secret, conversation);
  }

  find(secret: string): Conversation | undefined {
    return this.#bySecret.get(secret);
  }

  /** It has no link from now on. */
  park(conversation: Conversation): void {
    this.#deadlines.set(
      conversation,
      this.#clock.after(this.#windowMs, () => conversation.expire("timeout")),
    );
  }

  /** It has one again. */
  unpark(conversation: Conversation): void {
    this.#deadlines.get(conversation)?.cancel();
    this.#deadlines.delete(conversation);
  }

  remove(conversation: Conversation): void {
    this.unpark(conversation);
    if (conversation.secret !== undefined) this.#bySecret.delete(conversation.secret);
  }

  /** Ends those that have no link: nobody can come back here. */
  close(): void {
    for (const conversation of [...this.#deadlines.keys()]) conversation.expire("moved");
  }
}
