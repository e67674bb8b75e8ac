import type { ChannelAttempt } from "../engine/channel-rules.ts";
import type { Grant } from "../engine/grant.ts";
import { CarillonError } from "../errors/carillon-error.ts";
import type { Clock } from "../platform/clock.ts";
import type { JwtKey, PublicKeyAlgorithm, SecretAlgorithm } from "./jwt-keys.ts";
import { tokenVerifier, type VerifiedClaims } from "./verify-token.ts";

/** Give one of `secret`, `keys` and `jwksUrl`. */
export interface ChannelTokensOptions {
  /** What signs and verifies tokens, with at least as many bytes as its algorithm's hash; text counts as UTF-8. */
  readonly secret?: string | Uint8Array;
  /** Public keys, each with the one algorithm that it is for. */
  readonly keys?: readonly JwtKey[];
  /** Where the issuer publishes its keys. They are fetched when a token needs them, and again after 10 minutes. */
  readonly jwksUrl?: string | URL;
  /**
   * What a token may be signed with; for `secret` and `jwksUrl`.
   *
   * @default ["HS256"] // with `jwksUrl`: RS256, ES256, EdDSA
   */
  readonly algorithms?: readonly (SecretAlgorithm | PublicKeyAlgorithm)[];
  /** What the claim `iss` must be, or one of them. */
  readonly issuer?: string | readonly string[];
  /** What the claim `aud` must be or contain. */
  readonly audience?: string | readonly string[];
  /**
   * How much the clocks of issuer and server may differ; up to 60,000.
   *
   * @default 5_000 // 5 seconds
   */
  readonly leewayMs?: number;
  /**
   * Tokens that live longer from now on are refused.
   *
   * @default 2_592_000_000 // 30 days
   */
  readonly maxLifeMs?: number;
  /** Time, for tests. */
  readonly clock?: Clock;
}

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
export function channelTokens(options: ChannelTokensOptions): (attempt: ChannelAttempt) => Promise<Grant> {
  const verify = tokenVerifier(options);
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
