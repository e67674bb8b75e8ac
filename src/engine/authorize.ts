import { CarillonError } from "../errors/carillon-error.ts";
import type { ChannelAttempt, EffectiveRule } from "./channel-rules.ts";
import type { LiveConnection } from "./connection.ts";
import type { Failures } from "./failures.ts";
import type { Grant } from "./grant.ts";
import type { Later } from "./later.ts";

/**
 * Asks the rule of a channel whether a client may; anything but `true` or a grant means no. Who was granted something when it
 * subscribed is measured by that, and the rule is not asked again.
 *
 * @returns the grant, if there is one
 * @throws {CarillonError} `forbidden`, or what the rule throws
 */
export function authorize(
  rule: EffectiveRule,
  attempt: ChannelAttempt & { readonly connection: LiveConnection },
  failures: Failures,
): Later<Grant | undefined> {
  const { action, connection, channel } = attempt;
  const held = action === "subscribe" ? undefined : connection.subscriptions.get(channel)?.grant;
  if (held) return permitted(held, action);
  if (!rule.authorize) return undefined;
  const decide = (allowed: unknown): Grant | undefined => {
    if (allowed === true) return undefined;
    if (!isGrant(allowed)) throw new CarillonError("forbidden");
    return permitted(allowed, action);
  };
  const failed = (cause: unknown): never => {
    throw failures.ofHook(cause, "forbidden", { connection, channel });
  };
  try {
    const allowed = rule.authorize(attempt);
    return allowed instanceof Promise ? allowed.then(decide).catch(failed) : decide(allowed);
  } catch (error) {
    return failed(error);
  }
}

/** Whoever is granted anything may at least be there. */
function permitted(grant: Grant, action: ChannelAttempt["action"]): Grant {
  if (action === "subscribe" || grant.actions.includes(action)) return grant;
  throw new CarillonError("forbidden");
}

function isGrant(value: unknown): value is Grant {
  if (typeof value !== "object" || value === null) return false;
  const { actions, expiresAt } = value as Partial<Grant>;
  return Array.isArray(actions) && (expiresAt === undefined || Number.isFinite(expiresAt));
}
