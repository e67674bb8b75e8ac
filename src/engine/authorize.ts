import { CarillonError } from "../errors/carillon-error.ts";
import type { ChannelAttempt, EffectiveRule } from "./channel-rules.ts";
import type { LiveConnection } from "./connection.ts";
import type { Failures } from "./failures.ts";
import type { Later } from "./later.ts";

/**
 * Asks the rule of a channel whether a client may; anything but `true` means no.
 *
 * @throws {CarillonError} `forbidden`, or what the rule throws
 */
export function authorize(
  rule: EffectiveRule,
  attempt: ChannelAttempt & { readonly connection: LiveConnection },
  failures: Failures,
): Later<void> {
  if (!rule.authorize) return undefined;
  const decide = (allowed: boolean): void => {
    if (allowed !== true) throw new CarillonError("forbidden");
  };
  const failed = (cause: unknown): never => {
    const { connection, channel } = attempt;
    throw failures.ofHook(cause, "forbidden", { connection, channel });
  };
  try {
    const allowed = rule.authorize(attempt);
    return allowed instanceof Promise ? allowed.then(decide).catch(failed) : decide(allowed);
  } catch (error) {
    return failed(error);
  }
}
