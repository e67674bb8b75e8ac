import { CarillonError } from "../errors/carillon-error.ts";
import type { Connection } from "./connection.ts";
import type { Later } from "./later.ts";
import type { HistoryPolicy } from "./ports/broker.ts";

/** What a client wants to do with a channel. */
export interface ChannelAttempt<
  Events extends object = Record<string, unknown>,
  Data extends object = Record<string, unknown>,
> {
  readonly connection: Connection<Events, Data>;
  readonly action: "subscribe" | "publish";
  readonly channel: string;
  /** What would be published. */
  readonly event?: string;
}

/** How the channels behave whose names fit a pattern. */
export interface ChannelRule<
  Events extends object = Record<string, unknown>,
  Data extends object = Record<string, unknown>,
> {
  /**
   * Asked before a client subscribes or publishes; anything but `true` refuses with `forbidden`. Throw a `CarillonError` to
   * refuse with a code of your own. The server's own calls are not asked about.
   *
   * @default everyone may, except in `private-*`, where nobody may
   */
  readonly authorize?: (attempt: ChannelAttempt<Events, Data>) => Later<boolean>;
  /**
   * Which clients may publish: those subscribed, anyone, or none (`"server"`).
   *
   * @default "subscribers"
   */
  readonly publish?: "subscribers" | "anyone" | "server";
  /**
   * Subscribers are told who is there, and who comes and goes.
   *
   * @default false, and true in `presence-*`
   */
  readonly presence?: boolean;
  /**
   * Keeps the newest publications, so that clients that come back get what they missed, and may ask for it.
   *
   * @default nothing is kept
   */
  readonly history?: HistoryPolicy;
}

/** A rule with its gaps filled. */
export interface EffectiveRule {
  readonly authorize: ((attempt: ChannelAttempt) => Later<boolean>) | undefined;
  readonly publish: "subscribers" | "anyone" | "server";
  readonly presence: boolean;
  readonly history: HistoryPolicy | undefined;
}

const maxHistorySize = 100_000;
const maxHistoryMs = 2 ** 31 - 1;

interface Compiled {
  readonly literal: string;
  readonly isPrefix: boolean;
  readonly rule: ChannelRule;
}

/**
 * Finds the rule of a channel: its exact name wins, then the longest pattern, then the defaults.
 *
 * The kind of a channel is decided by the exact ASCII prefix of its name and by nothing else.
 */
export class ChannelRules {
  readonly #compiled: readonly Compiled[];

  /** @throws {CarillonError} `option-invalid` when the `*` of a pattern is not its last character, or history is out of range */
  constructor(rules: Readonly<Record<string, ChannelRule>>) {
    this.#compiled = Object.entries(rules)
      .map(([pattern, rule]) => compile(pattern, rule))
      .toSorted((a, b) => Number(a.isPrefix) - Number(b.isPrefix) || b.literal.length - a.literal.length);
  }

  of(channel: string): EffectiveRule {
    const rule = this.#compiled.find(({ literal, isPrefix }) =>
      isPrefix ? channel.startsWith(literal) : channel === literal,
    )?.rule;
    return {
      authorize: rule?.authorize ?? (channel.startsWith("private-") ? () => false : undefined),
      publish: rule?.publish ?? "subscribers",
      presence: rule?.presence ?? channel.startsWith("presence-"),
      history: rule?.history,
    };
  }
}

function compile(pattern: string, rule: ChannelRule): Compiled {
  const star = pattern.indexOf("*");
  if (star >= 0 && star < pattern.length - 1) {
    throw new CarillonError("option-invalid", {
      message: `channels: the * of "${pattern}" must be its last character`,
    });
  }
  checkHistory(pattern, rule.history);
  return { literal: star < 0 ? pattern : pattern.slice(0, -1), isPrefix: star >= 0, rule };
}

function checkHistory(pattern: string, history: HistoryPolicy | undefined): void {
  if (!history) return;
  for (const [name, max] of [
    ["size", maxHistorySize],
    ["ttlMs", maxHistoryMs],
  ] as const) {
    const value = history[name];
    if (Number.isSafeInteger(value) && value >= 1 && value <= max) continue;
    throw new CarillonError("option-invalid", {
      message: `channels: history.${name} of "${pattern}" must be a whole number from 1 to ${max}`,
    });
  }
}
