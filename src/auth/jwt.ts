import { errors, jwtVerify, type JWTPayload } from "jose";
import type { ConnectAttempt } from "../engine/application.ts";
import { isUserId } from "../engine/names.ts";
import { CarillonError } from "../errors/carillon-error.ts";
import { systemClock, type Clock } from "../platform/clock.ts";
import { isCompactToken } from "./compact-token.ts";
import { KeysUnavailable, readKeys, type JwtKey, type PublicKeyAlgorithm, type SecretAlgorithm } from "./jwt-keys.ts";
import { checkPlace, tokenAt, type TokenPlace } from "./token-place.ts";

/** Give one of `secret`, `keys` and `jwksUrl`. */
export interface JwtOptions {
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
  /** @default "message" // what the client was given as `token` */
  readonly from?: TokenPlace;
  /**
   * The claim that says who the user is.
   *
   * @default "sub"
   */
  readonly userId?: string;
  /**
   * The claim that says what others see of the user.
   *
   * @default "info"
   */
  readonly info?: string;
  /**
   * Asked about every good token, whenever a client connects, comes back or sends a fresh one; anything but `false` refuses
   * with `unauthorized`. `server.disconnectUser(userId, 4402)` has the connections that exist ask again.
   *
   * @default no token is
   */
  readonly isRevoked?: (token: VerifiedToken) => boolean | Promise<boolean>;
  /** Time, for tests. */
  readonly clock?: Clock;
}

/** What tells one token from another. */
export interface VerifiedToken {
  readonly userId: string;
  /** The claim `jti`. */
  readonly tokenId: string | undefined;
  /** The claim `iat`, in Unix time and milliseconds: for revoking all that a user was given before. */
  readonly issuedAt: number | undefined;
}

/** What a verified token says of its bearer. */
export interface TokenIdentity {
  readonly userId: string;
  readonly info?: unknown;
  /** When the token is no longer accepted; Unix time in milliseconds. */
  readonly expiresAt: number;
}

/**
 * An `authenticate` hook that verifies JSON Web Tokens.
 *
 * A token needs `exp` and a user; nothing it says is used before its signature is verified, and its algorithm is the key's.
 * It refuses with `unauthorized`, or with `token-expired` when nothing is wrong but the time.
 *
 * @throws {CarillonError} `option-invalid`
 *
 * @example
 * ```ts
 * const server = createServer({ authenticate: jwt({ jwksUrl: "https://login.example/jwks.json", issuer: "https://login.example" }) });
 * ```
 */
export function jwt(options: JwtOptions): (attempt: ConnectAttempt) => Promise<TokenIdentity> {
  const { leewayMs = 5_000, maxLifeMs = 2_592_000_000, from = "message", clock = systemClock } = options;
  const { userId: userClaim = "sub", info: infoClaim = "info" } = options;
  const { algorithms, keyFor } = readKeys(options);
  checkPlace(from);
  if (!(leewayMs >= 0 && leewayMs <= 60_000)) throw invalid("leewayMs must be 0 to 60,000");
  if (!(maxLifeMs > 0)) throw invalid("maxLifeMs must be more than 0");

  const verify = async (token: string): Promise<JWTPayload> => {
    const { payload } = await jwtVerify(token, keyFor, {
      algorithms: [...algorithms],
      requiredClaims: ["exp"],
      clockTolerance: leewayMs / 1_000,
      currentDate: new Date(clock.wall()),
      ...(options.issuer !== undefined && { issuer: listOf(options.issuer) }),
      ...(options.audience !== undefined && { audience: listOf(options.audience) }),
    });
    return payload;
  };

  return async (attempt) => {
    const token = tokenAt(from, attempt);
    if (token === undefined || !isCompactToken(token)) throw new CarillonError("unauthorized");
    const claims = await verify(token).catch(refuse);
    const now = clock.wall();
    const expiresAt = claims.exp! * 1_000 + leewayMs;
    const userId = Object.hasOwn(claims, userClaim) ? claims[userClaim] : undefined;
    const isEarly = claims.iat !== undefined && claims.iat * 1_000 > now + leewayMs;
    if (isEarly || !(expiresAt - leewayMs - now <= maxLifeMs) || !isUserId(userId))
      throw new CarillonError("unauthorized");
    const issuedAt = claims.iat === undefined ? undefined : claims.iat * 1_000;
    const isRevoked = (await options.isRevoked?.({ userId, tokenId: claims.jti, issuedAt })) ?? false;
    if (isRevoked !== false) throw new CarillonError("unauthorized");
    const info = Object.hasOwn(claims, infoClaim) ? claims[infoClaim] : undefined;
    return { userId, ...(info !== undefined && { info }), expiresAt };
  };
}

/** What the library says about a token stays here: it may quote the token. */
function refuse(error: unknown): never {
  if (error instanceof KeysUnavailable) throw error;
  throw new CarillonError(error instanceof errors.JWTExpired ? "token-expired" : "unauthorized");
}

function listOf(value: string | readonly string[]): string[] {
  return typeof value === "string" ? [value] : [...value];
}

function invalid(message: string): CarillonError {
  return new CarillonError("option-invalid", { message: `jwt: ${message}` });
}
