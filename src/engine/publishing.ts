import { CarillonError } from "../errors/carillon-error.ts";
import type { Clock } from "../platform/clock.ts";
import type { Random } from "../platform/random.ts";
import type { Application } from "./application.ts";
import { authorize } from "./authorize.ts";
import type { EffectiveRule } from "./channel-rules.ts";
import type { Channels } from "./channels.ts";
import type { LiveConnection } from "./connection.ts";
import { unchangedSource, watchedSource, type DialectTerms } from "./dialect-terms.ts";
import type { Failures } from "./failures.ts";
import { checkClosing } from "./closing.ts";
import { intercept } from "./intercepting.ts";
import { notify, notifyOnce } from "./listening.ts";
import { andThen, type Later } from "./later.ts";
import type { Limits } from "./limits.ts";
import { checkChannelName, checkEventName, checkPublicationId, checkStateKey } from "./names.ts";
import type { Broker, Keep, Signal, StatePolicy } from "./ports/broker.ts";
import { checkOutflow } from "./outflow.ts";
import type { Position, Publication, Sender } from "./publication.ts";
import { stateFull, stateWrite } from "./state-policy.ts";
import { checkRevocation } from "./revoking.ts";
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
  /** It is the channel's state under this key from now on; without `data` it removes what is there. */
  readonly stateKey?: string | undefined;
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
  readonly limits: Pick<Limits, "channelBytesPerSecond">;
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
   * @param terms what its dialect knows, and the client cannot say
   * @throws {CarillonError} `channel-name-invalid`, `event-name-invalid`, `bad-request`, `not-subscribed`, `forbidden`,
   * `payload-invalid`, `closed` when the application has closed it meanwhile, `rate-limited`, `not-supported` for a key
   * where no state is kept, `limit-exceeded`, `broker-unavailable`
   */
  publishFrom(connection: LiveConnection, request: PublishRequest, terms: DialectTerms = {}): Later<Published> {
    const { channel, event, data, id, stateKey } = request;
    checkChannelName(channel);
    checkEventName(event);
    if (id !== undefined) checkPublicationId(id);
    if (stateKey !== undefined) checkStateKey(stateKey);
    if (terms.isIntercepted || this.#parts.application.interceptors.length === 0) {
      return this.#publishFrom(connection, request, terms);
    }
    const sourceFor = watchedSource(terms, request);
    const message = { connection, action: "publish" as const, channel, event, data };
    return andThen(intercept(this.#parts, message), (isWanted) =>
      isWanted
        ? this.#publishFrom(
            connection,
            { ...request, event: message.event, data: message.data },
            { ...terms, source: sourceFor(message).source },
          )
        : // Its publisher is not to notice.
          { id: id ?? this.#parts.random.uuid(), position: undefined },
    );
  }

  #publishFrom(connection: LiveConnection, request: PublishRequest, terms: DialectTerms): Later<Published> {
    const { channel, event, data, echo, id, stateKey } = request;
    const { channels, application, failures } = this.#parts;
    const rule = channels.ruleOf(channel);
    if (rule.publish === "server") throw new CarillonError("forbidden", { message: "only the server publishes here" });
    if (rule.publish === "owner" && !channels.get(channel)?.ownership?.has(connection)) {
      throw new CarillonError("forbidden", { message: "only the owner publishes here" });
    }
    const subscription = rule.publish === "anyone" ? undefined : connection.subscriptions.get(channel);
    if (rule.publish === "subscribers" && !subscription) throw new CarillonError("not-subscribed");
    const attempt = { connection, action: "publish", channel, event } as const;
    return andThen(terms.isAuthorized ? undefined : authorize(rule, attempt, failures), () =>
      andThen(validate(application.schemas, { connection, event, data }, failures), (valid) => {
        // It may have been put out while the application thought about it; one that has left by itself is heard out.
        if (connection.isDismissed) throw new CarillonError("closed");
        if (subscription?.isRevoked) throw new CarillonError("not-subscribed");
        checkOutflow(channels.get(channel), this.#parts);
        const stamped = this.#stamp(channel, event, valid, id, connection.sender);
        const publication = stateKey === undefined ? stamped : { ...stamped, stateKey };
        const said = echo === false ? { ...publication, except: connection.id } : publication;
        const meant = terms.source ? { ...said, ...unchangedSource(terms, request, publication) } : said;
        return this.#publish(meant, rule, id !== undefined);
      }),
    );
  }

  /**
   * A publication of the server's.
   *
   * @throws {CarillonError} `channel-name-invalid`, `event-name-invalid`, `bad-request` for the id or the state key
   */
  compose({ channel, event, data, id, ...rest }: Composition): Publication {
    checkChannelName(channel);
    checkEventName(event);
    if (id !== undefined) checkPublicationId(id);
    if (rest.stateKey !== undefined) checkStateKey(rest.stateKey);
    return { ...this.#stamp(channel, event, data, id), ...rest };
  }

  /**
   * @throws {CarillonError} `not-supported` for a batch in a channel with history or with a state key, and for a key where no
   * state is kept; `limit-exceeded`, `broker-unavailable`
   */
  publish(publication: Publication, { once = false }: PublishSettings = {}): Later<Published> {
    const rule = this.#parts.channels.ruleOf(publication.channel);
    if (publication.batch) {
      if (rule.history) throw refusal(publication.channel, "a batch");
      if (publication.stateKey !== undefined) throw keyless("a batch");
    }
    return this.#publish(publication, rule, once);
  }

  /**
   * @throws {CarillonError} `event-name-invalid`, `channel-name-invalid`, `option-invalid` for a close code or a revocation,
   * `not-supported` for a union with history or a state key, `broker-unavailable`
   */
  signal(signal: Signal): Later<void> {
    const { application, broker, channels, failures } = this.#parts;
    if (signal.kind === "event") checkEventName(signal.event);
    else if (signal.kind === "expel") checkChannelName(signal.channel);
    else if (signal.kind === "disconnect") checkClosing(signal.code, signal.reason);
    else if (signal.kind === "revoke") checkRevocation(signal);
    else if (signal.kind === "union") {
      const kept = signal.publications.find(({ channel }) => channels.ruleOf(channel).history);
      if (kept) throw refusal(kept.channel, "the same in several channels");
      if (signal.publications.some(({ stateKey }) => stateKey !== undefined))
        throw keyless("the same in several channels");
    }
    return andThen(
      failures.withBroker(() => broker.signal(signal)),
      () => {
        if (signal.kind === "union") notifyOnce(application.publicationListeners, signal.publications, failures);
      },
    );
  }

  #publish(publication: Publication, { history, state: policy }: EffectiveRule, once: boolean): Later<Published> {
    const { application, broker, counters, failures } = this.#parts;
    const state = publication.stateKey === undefined ? undefined : stateWrite(publication, policy);
    const keep: Keep | undefined =
      history || once || state
        ? { ...(history && { history }), ...(once && { once }), ...(state && { state }) }
        : undefined;
    const accepted = failures.withBroker(() => broker.publish(publication, keep));
    return andThen(accepted, ({ position, isRepeat, isFull }) => {
      if (isFull && state) return this.#refuseState(publication, state);
      if (isRepeat) counters.repeated += 1;
      else {
        counters.published += 1;
        const listeners = application.publicationListeners.find(publication.channel);
        if (listeners.length > 0) notify(listeners, position ? { ...publication, position } : publication, failures);
      }
      return { id: publication.id, position };
    });
  }

  /** A client is told; of what the server publishes nobody may be waiting for the answer. */
  #refuseState({ channel, event, from }: Publication, policy: Required<StatePolicy>): Promise<never> {
    const error = stateFull(channel, policy);
    if (!from) this.#parts.failures.report({ error, channel, event });
    return Promise.reject(error);
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

function keyless(what: string): CarillonError {
  return new CarillonError("not-supported", { message: `${what} cannot be state; publish it alone` });
}
