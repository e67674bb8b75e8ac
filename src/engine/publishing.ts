import { CarillonError } from "../errors/carillon-error.ts";
import type { Clock } from "../platform/clock.ts";
import type { Random } from "../platform/random.ts";
import type { Application } from "./application.ts";
import { authorize } from "./authorize.ts";
import type { EffectiveRule } from "./channel-rules.ts";
import type { Channels } from "./channels.ts";
import type { LiveConnection } from "./connection.ts";
import type { Failures } from "./failures.ts";
import { checkClosing } from "./closing.ts";
import { andThen, type Later } from "./later.ts";
import { checkChannelName, checkEventName, checkPublicationId } from "./names.ts";
import type { Broker, Keep, Signal } from "./ports/broker.ts";
import type { Position, Publication, Sender } from "./publication.ts";
import type { Counters } from "./stats.ts";
import { validate } from "./validate.ts";

/** What a client publishes. */
export interface PublishRequest {
  readonly channel: string;
  readonly event: string;
  readonly data?: unknown;
  /** `false`: every subscriber but the publishing connection. */
  readonly echo?: boolean | undefined;
  /** The publication's id: published again with it within five minutes, it changes nothing. */
  readonly id?: string | undefined;
}

/** What the server publishes. */
export type Composition = Omit<Publication, "id" | "time"> & { readonly id?: string | undefined };

/** How the server publishes. */
export interface PublishSettings {
  /** The id was chosen: published again with it within five minutes, it changes nothing. */
  readonly once?: boolean;
}

/** An accepted publication. */
export interface Published {
  readonly id: string;
  /** Where it landed in history; `undefined` when the channel keeps none. */
  readonly position: Position | undefined;
}

/** What publishing needs. */
export interface PublishingParts {
  readonly broker: Broker;
  readonly channels: Channels;
  readonly application: Application;
  readonly failures: Failures;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly random: Random;
}

/** Takes publications and signals, and hands them to the broker. */
export class Publishing {
  readonly #parts: PublishingParts;

  constructor(parts: PublishingParts) {
    this.#parts = parts;
  }

  /**
   * Publishes in a client's name, if it is allowed.
   *
   * @throws {CarillonError} `channel-name-invalid`, `event-name-invalid`, `bad-request`, `not-subscribed`, `forbidden`,
   * `payload-invalid`, `broker-unavailable`
   */
  publishFrom(connection: LiveConnection, { channel, event, data, echo, id }: PublishRequest): Later<Published> {
    checkChannelName(channel);
    checkEventName(event);
    if (id !== undefined) checkPublicationId(id);
    const { channels, application, failures } = this.#parts;
    const rule = channels.ruleOf(channel);
    if (rule.publish === "server") throw new CarillonError("forbidden", { message: "only the server publishes here" });
    if (rule.publish === "owner" && !channels.get(channel)?.ownership?.has(connection)) {
      throw new CarillonError("forbidden", { message: "only the owner publishes here" });
    }
    if (rule.publish === "subscribers" && !connection.subscriptions.has(channel)) {
      throw new CarillonError("not-subscribed");
    }
    const attempt = { connection, action: "publish", channel, event } as const;
    return andThen(authorize(rule, attempt, failures), () =>
      andThen(validate(application.schemas, { connection, event, data }, failures), (valid) => {
        const publication = this.#stamp(channel, event, valid, id, connection.sender);
        const meant = echo === false ? { ...publication, except: connection.id } : publication;
        return this.#publish(meant, rule, id !== undefined);
      }),
    );
  }

  /**
   * A publication of the server's.
   *
   * @throws {CarillonError} `channel-name-invalid`, `event-name-invalid`, `bad-request` for the id
   */
  compose({ channel, event, data, id, ...rest }: Composition): Publication {
    checkChannelName(channel);
    checkEventName(event);
    if (id !== undefined) checkPublicationId(id);
    return { ...this.#stamp(channel, event, data, id), ...rest };
  }

  /** @throws {CarillonError} `not-supported` for a batch in a channel with history, `broker-unavailable` */
  publish(publication: Publication, { once = false }: PublishSettings = {}): Later<Published> {
    const rule = this.#parts.channels.ruleOf(publication.channel);
    if (publication.batch && rule.history) throw refusal(publication.channel, "a batch");
    return this.#publish(publication, rule, once);
  }

  /**
   * @throws {CarillonError} `event-name-invalid`, `channel-name-invalid`, `option-invalid` for a close code,
   * `not-supported` for a union with history, `broker-unavailable`
   */
  signal(signal: Signal): Later<void> {
    const { broker, channels, failures } = this.#parts;
    if (signal.kind === "event") checkEventName(signal.event);
    else if (signal.kind === "expel") checkChannelName(signal.channel);
    else if (signal.kind === "disconnect") checkClosing(signal.code, signal.reason);
    else if (signal.kind === "union") {
      const kept = signal.publications.find(({ channel }) => channels.ruleOf(channel).history);
      if (kept) throw refusal(kept.channel, "the same in several channels");
    }
    return failures.withBroker(() => broker.signal(signal));
  }

  #publish(publication: Publication, { history }: EffectiveRule, once: boolean): Later<Published> {
    const { broker, counters, failures } = this.#parts;
    const keep: Keep | undefined = history || once ? { ...(history && { history }), ...(once && { once }) } : undefined;
    const accepted = failures.withBroker(() => broker.publish(publication, keep));
    return andThen(accepted, ({ position, isRepeat }) => {
      if (isRepeat) counters.repeated += 1;
      else counters.published += 1;
      return { id: publication.id, position };
    });
  }

  #stamp(channel: string, event: string, data: unknown, chosen?: string, from?: Sender): Publication {
    const id = chosen ?? this.#parts.random.uuid();
    const time = this.#parts.clock.wall();
    return from ? { channel, event, data, id, time, from } : { channel, event, data, id, time };
  }
}

function refusal(channel: string, what: string): CarillonError {
  const message = `"${channel}" keeps history, and ${what} has no place in it; publish to it alone`;
  return new CarillonError("not-supported", { message });
}
