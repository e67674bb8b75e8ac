import type { ChannelAttempt } from "../engine/channel-rules.ts";
import type { Grant } from "../engine/grant.ts";
import { CarillonError } from "../errors/carillon-error.ts";
import { tokenVerifier, type TokenOptions, type VerifiedClaims } from "./verify-token.ts";

/**
 * An `authorize` hook for applications whose backend is elsewhere: it signs a token that allows one user one channel, and the
 * client subscribes with it.
 *
 * A token is a JSON Web Token with `exp` and the claim `channel`, the exact name. `sub` is the user it is for, none being an
 * anonymous one; `connection`, where it is there, the one connection. `actions` lists what is allowed, `["subscribe"]` unless
 * it says more: `"publish"` and `"whisper"` hold as long as the client stays, and when the token ends, the client is taken out
 * and told. Anything else is refused with `unauthorized`, or with `token-expired` when nothing is wrong but the time.
 *
 * @throws {CarillonError} `option-invalid`
 *
 * @example
 * ```ts
 * const server = createServer({ channels: { "private-*": { authorize: channelTokens({ secret }) } } });
 * ```
 */
export function channelTokens(options: TokenOptions): (attempt: ChannelAttempt) => Promise<Grant> {
  const verify = tokenVerifier("channelTokens", options);
  return async (attempt) => {
    const verified = await verify(attempt.token);
    const actions = actionsIn(verified);
    if (!isFor(verified, attempt) || !actions.includes("subscribe")) throw new CarillonError("unauthorized");
    return {
      actions: (["publish", "whisper"] as const).filter((action) => actions.includes(action)),
      expiresAt: verified.expiresAt,
    };
  };
}

function isFor({ claims }: VerifiedClaims, { channel, connection }: ChannelAttempt): boolean {
  const isForConnection = claims["connection"] === undefined || claims["connection"] === connection.id;
  return claims["channel"] === channel && claims.sub === connection.userId && isForConnection;
}

function actionsIn({ claims }: VerifiedClaims): readonly unknown[] {
  const { actions = ["subscribe"] } = claims as { readonly actions?: unknown };
  return Array.isArray(actions) ? actions : [];
}
