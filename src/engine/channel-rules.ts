import { CarillonError } from "../errors/carillon-error.ts";
import type { Connection } from "./connection.ts";
import type { Grant } from "./grant.ts";
import type { Later } from "./later.ts";
import type { HistoryPolicy, StatePolicy } from "./ports/broker.ts";
import { statePolicy } from "./state-policy.ts";
import type { PresenceKind } from "./presence.ts";

/** What a client wants to do with a channel. */
export interface ChannelAttempt<
  Events extends object = Record<string, unknown>,
  Data extends object = Record<string, unknown>,
> {
  readonly connection: Connection<Events, Data>;
  readonly action: "subscribe" | "publish" | "whisper";
  readonly channel: string;
  /** What would be published or whispered. */
  readonly event?: string;
  /** What the client sent with its wish to subscribe, as its token for this channel. */
  readonly token?: string | undefined;
}

/** How the channels behave whose names fit a pattern. */
export interface ChannelRule<
  Events extends object = Record<string, unknown>,
  Data extends object = Record<string, unknown>,
> {
  /**
   * Asked before a client subscribes, publishes or whispers; anything but `true` or a {@link Grant} refuses with `forbidden`. Throw a `CarillonError` to
   * refuse with a code of your own. The server's own calls are not asked about.
   *
   * @default everyone may, except in `private-*`, where nobody may
   */
  readonly authorize?: (attempt: ChannelAttempt<Events, Data>) => Later<boolean | Grant>;
  /**
   * Which clients may publish: those subscribed, anyone, the owner, or none (`"server"`).
   *
   * Who owns a channel is known on each node for itself: where subscribers are on several nodes, say it with `owner`.
   *
   * @default "subscribers"
   */
  readonly publish?: "subscribers" | "anyone" | "owner" | "server";
  /**
   * Asked when a client has subscribed where only the owner publishes: `true`, at once, makes it an owner; there may be
   * several. A failure is reported, and makes it none.
   *
   * @default the first subscriber, with all its user's connections, until nobody is left in the channel
   */
  readonly owner?: (attempt: ChannelAttempt<Events, Data>) => boolean;
  /**
   * When the last owner leaves: the others stay, and nobody publishes until an owner is back (`"keep"`), or all subscribers
   * of this node are taken out, and told (`"close"`). A client that may still resume its session has not left.
   *
   * @default "keep"
   */
  readonly ownerLeaves?: "keep" | "close";
  /**
   * Subscribers may whisper: say something to the others that is told at most once and never kept.
   *
   * @default false, and true in `private-*` and `presence-*`
   */
  readonly whispers?: boolean;
  /**
   * Subscribers are told who is there, and who comes and goes: each user once (`true` or `"users"`), or each connection by
   * itself, with its id (`"connections"`).
   *
   * @default false, and true in `presence-*`
   */
  readonly presence?: boolean | PresenceKind;
  /**
   * Keeps the newest publications, so that clients that come back get what they missed, and may ask for it.
   *
   * @default nothing is kept
   */
  readonly history?: HistoryPolicy;
  /**
   * Publications may have a `stateKey`: the last one of each key is told to everyone who subscribes, before anything newer.
   * Whoever may publish may write it.
   *
   * @default false
   */
  readonly state?: boolean | StatePolicy;
}

/** A rule with its gaps filled. */
export interface EffectiveRule {
  readonly authorize: ((attempt: ChannelAttempt) => Later<boolean | Grant>) | undefined;
  readonly publish: "subscribers" | "anyone" | "owner" | "server";
  readonly owner: ((attempt: ChannelAttempt) => boolean) | undefined;
  readonly ownerLeaves: "keep" | "close";
  readonly whispers: boolean;
  readonly presence: PresenceKind | false;
  readonly history: HistoryPolicy | undefined;
  readonly state: Required<StatePolicy> | undefined;
}

const maxHistorySize = 100_000;
const maxHistoryMs = 2 ** 31 - 1;

interface Compiled {
  readonly literal: string;
  readonly isPrefix: boolean;
  readonly rule: ChannelRule;
  readonly state: Required<StatePolicy> | undefined;
}

/**
 * Finds the rule of a channel: its exact name wins, then the longest pattern, then the defaults.
 *
 * The kind of a channel is decided by the exact ASCII prefix of its name and by nothing else.
 */
export class ChannelRules {
  readonly #compiled: readonly Compiled[];
  /** By exact name. */
  readonly #declared = new Map<string, Compiled>();

  /** @throws {CarillonError} `option-invalid` when the `*` of a pattern is not its last character, history or state is out of range, or an owner means nothing */
  constructor(rules: Readonly<Record<string, ChannelRule>>) {
    this.#compiled = Object.entries(rules)
      .map(([pattern, rule]) => compile(pattern, rule))
      .toSorted((a, b) => Number(a.isPrefix) - Number(b.isPrefix) || b.literal.length - a.literal.length);
  }

  /**
   * What a dialect says about a channel that it makes; what the application's rule says comes before it.
   *
   * @returns the function that ends it
   * @throws {CarillonError} as the constructor does
   */
  declare(channel: string, rule: ChannelRule): () => void {
    const declared = { ...compile("*", rule), literal: channel, isPrefix: false };
    this.#declared.set(channel, declared);
    return () => {
      if (this.#declared.get(channel) === declared) this.#declared.delete(channel);
    };
  }

  of(channel: string): EffectiveRule {
    const found = this.#compiled.find(({ literal, isPrefix }) =>
      isPrefix ? channel.startsWith(literal) : channel === literal,
    );
    const declared = this.#declared.get(channel);
    const rule = declared ? { ...declared.rule, ...found?.rule } : found?.rule;
    return {
      authorize: rule?.authorize ?? (channel.startsWith("private-") ? () => false : undefined),
      publish: rule?.publish ?? "subscribers",
      owner: rule?.owner,
      ownerLeaves: rule?.ownerLeaves ?? "keep",
      whispers: rule?.whispers ?? (channel.startsWith("private-") || channel.startsWith("presence-")),
      presence: presenceOf(rule?.presence ?? channel.startsWith("presence-")),
      history: rule?.history,
      state: found?.state ?? declared?.state,
    };
  }
}

function presenceOf(presence: boolean | PresenceKind): PresenceKind | false {
  return presence === true ? "users" : presence;
}

function compile(pattern: string, rule: ChannelRule): Compiled {
  const star = pattern.indexOf("*");
  if (star >= 0 && star < pattern.length - 1) {
    throw new CarillonError("option-invalid", {
      message: `channels: the * of "${pattern}" must be its last character`,
    });
  }
  checkHistory(pattern, rule.history);
  checkOwner(pattern, rule);
  checkPresence(pattern, rule.presence);
  return {
    literal: star < 0 ? pattern : pattern.slice(0, -1),
    isPrefix: star >= 0,
    rule,
    state: statePolicy(pattern, rule.state),
  };
}

function checkOwner(pattern: string, { publish, owner, ownerLeaves }: ChannelRule): void {
  if (publish === "owner" || (owner === undefined && ownerLeaves === undefined)) return;
  throw new CarillonError("option-invalid", {
    message: `channels: "${pattern}" needs publish: "owner" for its owner to mean anything`,
  });
}

function checkPresence(pattern: string, presence: unknown): void {
  if (presence === undefined || typeof presence === "boolean") return;
  if (presence === "users" || presence === "connections") return;
  throw new CarillonError("option-invalid", {
    message: `channels: presence of "${pattern}" must be true, false, "users" or "connections"`,
  });
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
