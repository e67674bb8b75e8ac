import { closeCodes } from "../errors/close-codes.ts";
import type { Audience } from "./audience.ts";
import type { Channel } from "./channel.ts";
import type { Channels } from "./channels.ts";
import type { LiveConnection } from "./connection.ts";
import type { Delivery, GapReason } from "./delivery.ts";
import type { Failures } from "./failures.ts";
import { notify } from "./listening.ts";
import type { Membership } from "./membership.ts";
import type { BrokerEvents, Signal } from "./ports/broker.ts";
import type { Position, Publication } from "./publication.ts";
import { fits, type Revocation, type Revocations } from "./revoking.ts";
import type { Counters } from "./stats.ts";
import type { Turns } from "./turns.ts";

/** Where a node's own things are found. */
export interface LocalParts {
  readonly channels: Channels;
  readonly everyone: Audience<LiveConnection>;
  readonly byId: (id: string) => LiveConnection | undefined;
  readonly membership: Membership;
  readonly revocations: Revocations;
  readonly turns: Turns;
  readonly failures: Failures;
  readonly counters: Counters;
}

/**
 * Hands what comes from the broker to the connections of this node; one node's own publications come this way too.
 *
 * One after another: what a listener or a filter publishes meanwhile waits, or some would hear it before what it answers.
 */
export class LocalDelivery implements BrokerEvents {
  readonly #channels: Channels;
  readonly #everyone: Audience<LiveConnection>;
  readonly #byId: (id: string) => LiveConnection | undefined;
  readonly #membership: Membership;
  readonly #revocations: Revocations;
  readonly #turns: Turns;
  readonly #failures: Failures;
  readonly #counters: Counters;

  constructor({ channels, everyone, byId, membership, revocations, turns, failures, counters }: LocalParts) {
    this.#channels = channels;
    this.#everyone = everyone;
    this.#byId = byId;
    this.#membership = membership;
    this.#revocations = revocations;
    this.#turns = turns;
    this.#failures = failures;
    this.#counters = counters;
  }

  publication(publication: Publication, previous?: Position): void {
    this.#turns.take(() => {
      const channel = this.#channels.get(publication.channel);
      if (!channel) return;
      if (channel.continuity) channel.continuity.heard(publication, previous);
      else this.hand(channel, publication);
    });
  }

  signal(signal: Signal): void {
    this.#turns.take(() => this.#signal(signal));
  }

  interrupted(channels?: readonly string[]): void {
    this.#channels.interrupted(channels);
  }

  /** Hands a publication to all who are in the channel; to be called in a turn. */
  hand(channel: Channel, publication: Publication): void {
    const delivery: Delivery = { kind: "publication", publication };
    this.#counters.delivered += channel.deliver(delivery, this.#excepted(publication), publication.from !== undefined);
    notify(channel.listeners, publication, this.#failures);
  }

  /** Tells all who are in the channel what is missing; to be called in a turn. */
  gap(channel: Channel, from: Position, to: Position, reason: GapReason): void {
    const told = channel.deliver({ kind: "gap", channel: channel.name, from, to, reason });
    this.#counters.delivered += told;
    this.#counters.gaps += told;
  }

  #signal(signal: Signal): void {
    switch (signal.kind) {
      case "union":
        return this.#union(signal.publications);
      case "whisper":
        return this.#whisper(signal);
      case "expel":
        return this.#membership.expel(signal.channel, signal.user);
      case "disconnect":
        return this.#close(({ member }) => member.user === signal.user, signal.code, signal.reason);
      case "revoke":
        return this.#revoke(signal);
      case "event": {
        const { event, data } = signal;
        const delivery: Delivery = signal.batch
          ? { kind: "batch", event, items: data as readonly unknown[] }
          : { kind: "event", event, data };
        this.#counters.delivered += this.#everyone.deliver(delivery, this.#excepted(signal));
      }
    }
  }

  #whisper(whisper: Extract<Delivery, { readonly kind: "whisper" }>): void {
    const channel = this.#channels.get(whisper.channel);
    if (channel) this.#counters.delivered += channel.deliver(whisper, this.#byId(whisper.from.id), true);
  }

  /** Those who are not in yet are refused. */
  #revoke(revocation: Revocation): void {
    this.#revocations.add(revocation);
    const { code, meaning } = closeCodes.unauthorized;
    this.#close((connection) => fits(revocation, connection), code, meaning);
  }

  #close(isMeant: (connection: LiveConnection) => boolean, code: number, reason: string): void {
    // On a copy, because whoever is closed leaves.
    for (const connection of [...this.#everyone]) if (isMeant(connection)) connection.close(code, reason);
  }

  #union(publications: readonly Publication[]): void {
    const earlier: Channel[] = [];
    for (const publication of publications) {
      const channel = this.#channels.get(publication.channel);
      if (!channel) continue;
      const excepted = this.#excepted(publication);
      const isNew = (connection: LiveConnection): boolean =>
        connection !== excepted && !earlier.some((other) => other.has(connection));
      const delivery: Delivery = { kind: "publication", publication };
      this.#counters.delivered += channel.deliverWhere(delivery, isNew);
      notify(channel.listeners, publication, this.#failures);
      earlier.push(channel);
    }
  }

  #excepted({ except }: { readonly except?: string }): LiveConnection | undefined {
    return except === undefined ? undefined : this.#byId(except);
  }
}
