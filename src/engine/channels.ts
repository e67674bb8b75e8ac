import { CarillonError, toCarillonError } from "../errors/carillon-error.ts";
import type { ChannelRule, ChannelRules, EffectiveRule } from "./channel-rules.ts";
import { Channel, type ChannelHost } from "./channel.ts";
import { Continuity, type ContinuityHost } from "./continuity.ts";
import type { Failures } from "./failures.ts";
import { andThen, guarded, isPending, type Later } from "./later.ts";
import type { Limits } from "./limits.ts";
import type { Broker, HistoryPage, HistoryRange } from "./ports/broker.ts";
import type { Publication } from "./publication.ts";
import type { TailCheck } from "./tail-check.ts";

/** What the channels of a node have in common. */
export interface ChannelsParts {
  readonly rules: ChannelRules;
  readonly limits: Limits;
  readonly broker: Broker;
  readonly failures: Failures;
  readonly tailCheck: TailCheck;
  readonly host: ChannelHost;
  /** What the continuity of a channel asks of the node. */
  continuityHost(channel: Channel): ContinuityHost;
}

/** Of this channel's history the broker is asked, to see whether it answers; nothing is ever published in it. */
const probed = "carillon:health";

/** The channels that someone on this node is in; the broker sends us these and no others. */
export class Channels {
  readonly #open = new Map<string, Channel>();
  readonly #parts: ChannelsParts;
  /** What the channels read last failed. */
  #isBlind = false;

  constructor(parts: ChannelsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#open.size;
  }

  get(name: string): Channel | undefined {
    return this.#open.get(name);
  }

  /** How the channel behaves, whether someone is in it or not. */
  ruleOf(name: string): EffectiveRule {
    return this.#open.get(name)?.rule ?? this.#parts.rules.of(name);
  }

  /** @returns the function that ends it */
  declare(name: string, rule: ChannelRule): () => void {
    return this.#parts.rules.declare(name, rule);
  }

  /** A part of a channel's history. @throws {CarillonError} `broker-unavailable` */
  read(name: string, range: HistoryRange): Later<HistoryPage> {
    return this.#parts.failures.withBroker(() => this.#parts.broker.read(name, range));
  }

  /** A channel's state. @throws {CarillonError} `broker-unavailable` */
  state(name: string): Later<readonly Publication[]> {
    return this.#parts.failures.withBroker(() => this.#parts.broker.state(name));
  }

  /** Forgets a channel's state. @throws {CarillonError} `broker-unavailable` */
  clearState(name: string): Later<void> {
    return this.#parts.failures.withBroker(() => this.#parts.broker.clearState(name));
  }

  /**
   * As {@link read}, for what the channels themselves read all the time: the first failure is reported, and then none until
   * something could be read again.
   */
  watch(name: string, range: HistoryRange): Later<HistoryPage> {
    const failed = (error: unknown): never => {
      const wasBlind = this.#isBlind;
      this.#isBlind = true;
      throw wasBlind ? toCarillonError(error, "broker-unavailable") : this.#parts.failures.ofBroker(error);
    };
    const read = (): Later<HistoryPage> =>
      andThen(this.#parts.broker.read(name, range), (page) => {
        this.#isBlind = false;
        return page;
      });
    return guarded(read, failed);
  }

  /** Asks the broker something, to see whether it answers. @throws {CarillonError} `broker-unavailable` */
  probe(): Later<unknown> {
    return this.watch(probed, { limit: 0 });
  }

  /**
   * The channel, subscribed at the broker by its first visitor; the others share the `ready` of that.
   *
   * @throws {CarillonError} `limit-exceeded`
   */
  open(name: string): Channel {
    let channel = this.#open.get(name);
    if (channel) return channel;
    const { channels } = this.#parts.limits;
    if (this.size >= channels) {
      throw new CarillonError("limit-exceeded", { message: `a node may have ${channels} channels` });
    }
    channel = new Channel(name, this.#parts.rules.of(name), this.#parts.host);
    this.#open.set(name, channel);
    channel.ready = this.#begin(channel);
    return channel;
  }

  /** To be called when someone has left. */
  closeIfEmpty(channel: Channel): void {
    if (!channel.isEmpty || this.#open.get(channel.name) !== channel) return;
    this.#close(channel);
  }

  /** Something may have been missed in these channels, or in any. */
  interrupted(names: readonly string[] | undefined): void {
    if (!names) this.#parts.tailCheck.checkAll();
    else for (const name of names) this.#open.get(name)?.continuity?.check();
  }

  #begin(channel: Channel): Later<void> {
    const { broker, failures } = this.#parts;
    if (channel.rule.history) channel.continuity = new Continuity(this.#parts.continuityHost(channel));
    let result: Later<void>;
    try {
      const subscribed = failures.withBroker(() => broker.subscribe(channel.name));
      result = channel.continuity ? this.#follow(channel, channel.continuity, subscribed) : subscribed;
    } catch (error) {
      result = Promise.reject(error);
    }
    if (!isPending(result)) return undefined;
    return result.then(
      () => {
        channel.ready = undefined;
      },
      (error: unknown) => {
        // Whoever waits leaves by itself; the next visitor tries afresh.
        if (this.#open.get(channel.name) === channel) this.#open.delete(channel.name);
        channel.continuity?.end();
        throw error;
      },
    );
  }

  /** The broker sends us the channel first, and then it is asked where its history stands: nothing falls in between. */
  #follow(channel: Channel, continuity: Continuity, subscribed: Later<void>): Later<void> {
    const isOpen = (): boolean => this.#open.get(channel.name) === channel;
    const failed = (error: unknown): never => {
      if (isOpen()) this.#unsubscribe(channel.name);
      throw error;
    };
    return andThen(subscribed, () => {
      try {
        const begun = andThen(continuity.begin(), () => {
          if (isOpen()) this.#parts.tailCheck.add(continuity);
        });
        return isPending(begun) ? begun.catch(failed) : begun;
      } catch (error) {
        return failed(error);
      }
    });
  }

  #close(channel: Channel): void {
    this.#open.delete(channel.name);
    if (channel.continuity) {
      this.#parts.tailCheck.remove(channel.continuity);
      channel.continuity.end();
    }
    this.#unsubscribe(channel.name);
  }

  #unsubscribe(name: string): void {
    const { broker, failures } = this.#parts;
    try {
      const result = broker.unsubscribe(name);
      if (isPending(result)) result.catch((error: unknown) => failures.ofBroker(error));
    } catch (error) {
      failures.ofBroker(error);
    }
  }
}
