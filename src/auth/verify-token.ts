import { errors, jwtVerify, type JWTPayload } from "jose";
import { CarillonError } from "../errors/carillon-error.ts";
import { systemClock, type Clock } from "../platform/clock.ts";
import { isCompactToken } from "./compact-token.ts";
import { KeysUnavailable, readKeys, type KeySources } from "./jwt-keys.ts";

/** What makes a token good. */
export interface TokenTerms extends KeySources {
  readonly issuer?: string | readonly string[] | undefined;
  readonly audience?: string | readonly string[] | undefined;
  readonly leewayMs?: number | undefined;
  readonly maxLifeMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** What a verified token says. */
export interface VerifiedClaims {
  readonly claims: JWTPayload;
  /** When it is no longer accepted; Unix time in milliseconds. */
  readonly expiresAt: number;
}

/**
 * Makes what verifies tokens: nothing that one says is used before its signature is verified, and its algorithm is the key's.
 *
 * It refuses with `unauthorized`, or with `token-expired` when nothing is wrong but the time.
 *
 * @throws {CarillonError} `option-invalid`
 */
export function tokenVerifier(terms: TokenTerms): (token: string | undefined) => Promise<VerifiedClaims> {
  const { leewayMs = 5_000, maxLifeMs = 2_592_000_000, clock = systemClock } = terms;
  const { algorithms, keyFor } = readKeys(terms);
  if (!(leewayMs >= 0 && leewayMs <= 60_000)) throw invalid("leewayMs must be 0 to 60,000");
  if (!(maxLifeMs > 0)) throw invalid("maxLifeMs must be more than 0");

  const verify = async (token: string): Promise<JWTPayload> => {
    const { payload } = await jwtVerify(token, keyFor, {
      algorithms: [...algorithms],
      requiredClaims: ["exp"],
      clockTolerance: leewayMs / 1_000,
      currentDate: new Date(clock.wall()),
      ...(terms.issuer !== undefined && { issuer: listOf(terms.issuer) }),
      ...(terms.audience !== undefined && { audience: listOf(terms.audience) }),
    });
    return payload;
  };

  return async (token) => {
    if (token === undefined || !isCompactToken(token)) throw new CarillonError("unauthorized");
    const claims = await verify(token).catch(refuse);
    const now = clock.wall();
    const expiresAt = claims.exp! * 1_000 + leewayMs;
    const isEarly = claims.iat !== undefined && claims.iat * 1_000 > now + leewayMs;
    if (isEarly || !(expiresAt - leewayMs - now <= maxLifeMs)) throw new CarillonError("unauthorized");
    return { claims, expiresAt };
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
