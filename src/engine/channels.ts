import type { ChannelRules, EffectiveRule } from "./channel-rules.ts";
import { Channel } from "./channel.ts";
import type { Failures } from "./failures.ts";
import { isPending, type Later } from "./later.ts";
import type { Limits } from "./limits.ts";
import type { Broker } from "./ports/broker.ts";

/** The channels that someone on this node is in; the broker sends us these and no others. */
export class Channels {
  readonly #open = new Map<string, Channel>();
  readonly #rules: ChannelRules;
  readonly #broker: Broker;
  readonly #limits: Limits;
  readonly #failures: Failures;

  constructor(rules: ChannelRules, broker: Broker, limits: Limits, failures: Failures) {
    this.#rules = rules;
    this.#broker = broker;
    this.#limits = limits;
    this.#failures = failures;
  }

  get size(): number {
    return this.#open.size;
  }

  get(name: string): Channel | undefined {
    return this.#open.get(name);
  }

  /** How the channel behaves, whether someone is in it or not. */
  ruleOf(name: string): EffectiveRule {
    return this.#open.get(name)?.rule ?? this.#rules.of(name);
  }

  /** The channel, subscribed at the broker by its first visitor; the others share the `ready` of that. */
  open(name: string): Channel {
    let channel = this.#open.get(name);
    if (channel) return channel;
    const encodingFailed = (error: unknown): void => this.#failures.ofEncoding(error);
    channel = new Channel(name, this.#rules.of(name), this.#limits.heldDeliveries, encodingFailed);
    this.#open.set(name, channel);
    channel.ready = this.#subscribe(channel);
    return channel;
  }

  /** To be called when someone has left. */
  closeIfEmpty(channel: Channel): void {
    if (!channel.isEmpty || this.#open.get(channel.name) !== channel) return;
    this.#open.delete(channel.name);
    try {
      const result = this.#broker.unsubscribe(channel.name);
      if (isPending(result)) result.catch((error: unknown) => this.#failures.ofBroker(error));
    } catch (error) {
      this.#failures.ofBroker(error);
    }
  }

  #subscribe(channel: Channel): Later<void> {
    let result: Later<void>;
    try {
      result = this.#broker.subscribe(channel.name);
    } catch (error) {
      result = Promise.reject(error);
    }
    if (!isPending(result)) return undefined;
    const ready = result.then(
      () => {
        channel.ready = undefined;
      },
      (error: unknown) => {
        // Whoever waits leaves by itself; the next visitor tries afresh.
        if (this.#open.get(channel.name) === channel) this.#open.delete(channel.name);
        throw this.#failures.ofBroker(error);
      },
    );
    return ready;
  }
}
