import { CarillonError } from "../errors/carillon-error.ts";
import type { Clock } from "../platform/clock.ts";
import type { Application } from "./application.ts";
import { authorize } from "./authorize.ts";
import type { Channels } from "./channels.ts";
import type { LiveConnection } from "./connection.ts";
import type { DialectTerms } from "./dialect-terms.ts";
import type { Failures } from "./failures.ts";
import { intercept } from "./intercepting.ts";
import { andThen, type Later } from "./later.ts";
import type { Limits } from "./limits.ts";
import { checkChannelName, checkEventName } from "./names.ts";
import { checkOutflow } from "./outflow.ts";
import type { Broker } from "./ports/broker.ts";
import type { Counters } from "./stats.ts";
import { TokenBucket } from "./token-bucket.ts";
import { validate } from "./validate.ts";

/** What a client whispers. */
export interface WhisperRequest {
  readonly channel: string;
  readonly event: string;
  readonly data?: unknown;
}

/** What whispering needs. */
export interface WhisperingParts {
  readonly broker: Broker;
  readonly channels: Channels;
  readonly application: Application;
  readonly failures: Failures;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly limits: Pick<Limits, "whispersPerSecond" | "channelBytesPerSecond">;
}

/** Takes what clients say to the others in a channel, and keeps nothing of it. */
export class Whispering {
  readonly #parts: WhisperingParts;

  constructor(parts: WhisperingParts) {
    this.#parts = parts;
  }

  /**
   * Whispers in a client's name, if it is allowed.
   *
   * @param terms what its dialect knows, and the client cannot say
   * @throws {CarillonError} `channel-name-invalid`, `event-name-invalid`, `forbidden`, `not-subscribed`, `rate-limited`,
   * `payload-invalid`, `closed`, `broker-unavailable`
   */
  whisperFrom(connection: LiveConnection, request: WhisperRequest, terms: DialectTerms = {}): Later<void> {
    const { channel, event, data } = request;
    checkChannelName(channel);
    checkEventName(event);
    if (this.#parts.application.interceptors.length === 0) return this.#whisper(connection, request, terms);
    const message = { connection, action: "whisper" as const, channel, event, data };
    return andThen(intercept(this.#parts, message), (isWanted) =>
      isWanted ? this.#whisper(connection, { ...request, event: message.event, data: message.data }, terms) : undefined,
    );
  }

  #whisper(
    connection: LiveConnection,
    { channel, event, data }: WhisperRequest,
    { isAuthorized = false }: DialectTerms,
  ): Later<void> {
    const { application, broker, channels, counters, failures } = this.#parts;
    const rule = channels.ruleOf(channel);
    if (!rule.whispers && !isAuthorized) throw new CarillonError("forbidden", { message: "nobody whispers here" });
    const subscription = connection.subscriptions.get(channel);
    const stillIn = (): void => {
      if (connection.isDismissed) throw new CarillonError("closed");
      if (!subscription || subscription.state === "ended") throw new CarillonError("not-subscribed");
    };
    stillIn();
    this.#count(connection);
    const attempt = { connection, action: "whisper", channel, event } as const;
    return andThen(isAuthorized ? undefined : authorize(rule, attempt, failures), () =>
      andThen(validate(application.schemas, { connection, event, data }, failures), (valid) => {
        // It may have been put out while the application thought about it.
        stillIn();
        checkOutflow(channels.get(channel), this.#parts);
        const { sender: from } = connection;
        const signal = { kind: "whisper", channel, event, data: valid, from } as const;
        return andThen(
          failures.withBroker(() => broker.signal(signal)),
          () => {
            counters.whispered += 1;
          },
        );
      }),
    );
  }

  #count(connection: LiveConnection): void {
    const { clock, counters, limits } = this.#parts;
    connection.whispers ??= new TokenBucket(clock, limits.whispersPerSecond);
    if (connection.whispers.take()) return;
    counters.whispersRefused += 1;
    throw new CarillonError("rate-limited", { message: `at most ${limits.whispersPerSecond} whispers per second` });
  }
}
