import type { Listener, Seat } from "./audience.ts";
import type { Delivery } from "./delivery.ts";
import type { Member } from "./presence.ts";

/**
 * One connection's part in one channel.
 *
 * It is `joining` until the broker is ready, `joined` until the dialect has written its reply and calls `start`, then `live`.
 * What the channel says before is held, so that a client hears "subscribed" first and then everything, each thing once.
 */
export class Subscription<L extends Listener> implements Seat<L> {
  readonly connection: L;
  readonly channel: string;
  index = -1;
  state: "joining" | "joined" | "live" | "ended" = "joining";
  /** As it joined the channel's presence; `undefined` before, and where there is none. */
  member: Member | undefined;
  #held: Delivery[] | undefined;

  constructor(connection: L, channel: string) {
    this.connection = connection;
    this.channel = channel;
  }

  /** @returns how many are held now. */
  hold(delivery: Delivery): number {
    return (this.#held ??= []).push(delivery);
  }

  /** A list of members is about to be taken, and tells more than the joins and leaves before it. */
  forgetPresence(): void {
    this.#held = this.#held?.filter(({ kind }) => kind !== "join" && kind !== "leave");
  }

  release(): readonly Delivery[] {
    const held = this.#held ?? [];
    this.#held = undefined;
    return held;
  }
}
