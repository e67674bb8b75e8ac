import { CarillonError } from "../errors/carillon-error.ts";
import type { Audience } from "./audience.ts";
import type { Channel, PublicationListener } from "./channel.ts";
import type { Channels } from "./channels.ts";
import type { LiveConnection } from "./connection.ts";
import type { Delivery } from "./delivery.ts";
import type { Failures } from "./failures.ts";
import type { BrokerEvents, Signal } from "./ports/broker.ts";
import type { Publication } from "./publication.ts";
import type { Counters } from "./stats.ts";

/**
 * Hands what comes from the broker to the connections of this node; one node's own publications come this way too.
 *
 * One after another: what a listener or a filter publishes meanwhile waits, or some would hear it before what it answers.
 */
export class LocalDelivery implements BrokerEvents {
  readonly #channels: Channels;
  readonly #everyone: Audience<LiveConnection>;
  readonly #byId: (id: string) => LiveConnection | undefined;
  readonly #failures: Failures;
  readonly #counters: Counters;
  readonly #waiting: (() => void)[] = [];
  #busy = false;

  constructor(
    channels: Channels,
    connections: { everyone: Audience<LiveConnection>; byId: (id: string) => LiveConnection | undefined },
    failures: Failures,
    counters: Counters,
  ) {
    this.#channels = channels;
    this.#everyone = connections.everyone;
    this.#byId = connections.byId;
    this.#failures = failures;
    this.#counters = counters;
  }

  publication(publication: Publication): void {
    if (this.#busy) this.#waiting.push(() => this.#publication(publication));
    else this.#inTurn(() => this.#publication(publication));
  }

  signal(signal: Signal): void {
    if (this.#busy) this.#waiting.push(() => this.#signal(signal));
    else this.#inTurn(() => this.#signal(signal));
  }

  #inTurn(deliver: () => void): void {
    this.#busy = true;
    try {
      deliver();
      for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) next();
    } finally {
      this.#busy = false;
    }
  }

  #publication(publication: Publication): void {
    const channel = this.#channels.get(publication.channel);
    if (!channel) return;
    const delivery: Delivery = { kind: "publication", publication };
    this.#counters.delivered += channel.deliver(delivery, this.#excepted(publication));
    for (const listener of channel.listeners) this.#notify(listener, publication);
  }

  #signal(signal: Signal): void {
    if (signal.kind === "union") {
      this.#union(signal.publications);
      return;
    }
    const { event, data } = signal;
    const delivery: Delivery = signal.batch
      ? { kind: "batch", event, items: data as readonly unknown[] }
      : { kind: "event", event, data };
    this.#counters.delivered += this.#everyone.deliver(delivery, this.#excepted(signal));
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
      for (const listener of channel.listeners) this.#notify(listener, publication);
      earlier.push(channel);
    }
  }

  #excepted({ except }: { readonly except?: string }): LiveConnection | undefined {
    return except === undefined ? undefined : this.#byId(except);
  }

  #notify(listener: PublicationListener, publication: Publication): void {
    try {
      listener(publication);
    } catch (cause) {
      const { channel, event } = publication;
      this.#failures.report({ error: new CarillonError("handler-failed", { cause }), channel, event });
    }
  }
}
