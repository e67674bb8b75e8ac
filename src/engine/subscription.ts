import type { Timer } from "../platform/clock.ts";
import type { Listener, Seat } from "./audience.ts";
import type { Grant } from "./grant.ts";
import type { Delivery } from "./delivery.ts";
import type { Publication } from "./publication.ts";

/**
 * One connection's part in one channel.
 *
 * It is `joining` until the broker is ready, `joined` until the dialect has written its reply and calls `start`, `replaying` as
 * long as the client is told what came before, then `live`. What the channel says until then is held, so that a client hears
 * "subscribed" first and then everything, each thing once.
 */
export class Subscription<L extends Listener> implements Seat<L> {
  readonly connection: L;
  readonly channel: string;
  index = -1;
  state: "joining" | "joined" | "replaying" | "live" | "ended" = "joining";
  /** What its client may do here besides listening, if the channel's rule has said it once for all. */
  readonly grant: Grant | undefined;
  /** The server has ended it: what its client said before is not wanted either. */
  isRevoked = false;
  /** Runs until the grant ends. */
  ending: Timer | undefined;
  #held: Delivery[] | undefined;

  constructor(connection: L, channel: string, grant?: Grant) {
    this.connection = connection;
    this.channel = channel;
    this.grant = grant;
  }

  /** @returns how many are held now. */
  hold(delivery: Delivery): number {
    return (this.#held ??= []).push(delivery);
  }

  /** A list of members is about to be taken, and tells more than the joins and leaves before it. */
  forgetPresence(): void {
    this.#held = this.#held?.filter(({ kind }) => kind !== "join" && kind !== "leave");
  }

  /** Takes out the publications, and the gaps between them: what is replayed tells them. */
  takePublications(): { readonly publications: readonly Publication[]; readonly hasGap: boolean } {
    const publications: Publication[] = [];
    let hasGap = false;
    this.#held = this.#held?.filter((delivery) => {
      if (delivery.kind === "publication") publications.push(delivery.publication);
      if (delivery.kind === "gap") hasGap = true;
      return delivery.kind !== "publication" && delivery.kind !== "gap";
    });
    return { publications, hasGap };
  }

  release(): readonly Delivery[] {
    const held = this.#held ?? [];
    this.#held = undefined;
    return held;
  }
}
