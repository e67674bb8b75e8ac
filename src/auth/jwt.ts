import type { ConnectAttempt } from "../engine/application.ts";
import { isUserId } from "../engine/names.ts";
import { CarillonError } from "../errors/carillon-error.ts";
import { checkPlace, tokenAt, type TokenPlace } from "./token-place.ts";
import { tokenVerifier, type TokenOptions } from "./verify-token.ts";

/** How `jwt` reads a token. */
export interface JwtOptions extends TokenOptions {
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
   * with `unauthorized`. `server.revoke` ends the connections that exist.
   *
   * @default no token is
   */
  readonly isRevoked?: (token: VerifiedToken) => boolean | Promise<boolean>;
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
  /** The claim `jti`, by which `server.revoke` finds the connection. */
  readonly tokenId?: string;
  /** When the token is no longer accepted; Unix time in milliseconds. */
  readonly expiresAt: number;
}

/**
 * An `authenticate` hook that verifies JSON Web Tokens.
 *
 * A token needs `exp` and a user; nothing it says is used before its signature is verified, and its algorithm is the key's.
 * One with the claim `channel` is for `channelTokens` and refused here.
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
  const { from = "message", userId: userClaim = "sub", info: infoClaim = "info", isRevoked: asked, ...rest } = options;
  const verify = tokenVerifier("jwt", rest);
  checkPlace(from);
  return async (attempt) => {
    const { claims, expiresAt } = await verify(tokenAt(from, attempt));
    const userId = Object.hasOwn(claims, userClaim) ? claims[userClaim] : undefined;
    // A token for one channel says who may be there, and lets nobody in here.
    if (!isUserId(userId) || Object.hasOwn(claims, "channel")) throw new CarillonError("unauthorized");
    const tokenId = claims.jti;
    const issuedAt = claims.iat === undefined ? undefined : claims.iat * 1_000;
    const isRevoked = (await asked?.({ userId, tokenId, issuedAt })) ?? false;
    if (isRevoked !== false) throw new CarillonError("unauthorized");
    const info = Object.hasOwn(claims, infoClaim) ? claims[infoClaim] : undefined;
    return { userId, ...(info !== undefined && { info }), ...(tokenId !== undefined && { tokenId }), expiresAt };
  };
}
