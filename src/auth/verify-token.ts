import { errors, jwtVerify, type JWTPayload } from "jose";
import { CarillonError } from "../errors/carillon-error.ts";
import { systemClock, type Clock } from "../platform/clock.ts";
import { isCompactToken } from "./compact-token.ts";
import { KeysUnavailable, readKeys, type KeySources } from "./jwt-keys.ts";

/** What makes a token good. Give one of `secret`, `keys` and `jwksUrl`. */
export interface TokenOptions extends KeySources {
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

/** A slip of the pen would leave a check out. */
const known: Readonly<Record<keyof TokenOptions, true>> = {
  secret: true,
  keys: true,
  jwksUrl: true,
  algorithms: true,
  issuer: true,
  audience: true,
  leewayMs: true,
  maxLifeMs: true,
  clock: true,
};

type TokenVerifier = (token: string | undefined) => Promise<VerifiedClaims>;

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
 * @param factory what the application called; errors begin with it
 * @throws {CarillonError} `option-invalid`
 */
export function tokenVerifier(factory: "jwt" | "channelTokens", options: TokenOptions): TokenVerifier {
  try {
    return verifier(options);
  } catch (error) {
    const { message, cause } = error as Error;
    throw new CarillonError("option-invalid", { message: `${factory}: ${message}`, cause });
  }
}

function verifier(options: TokenOptions): TokenVerifier {
  const { leewayMs = 5_000, maxLifeMs = 2_592_000_000, clock = systemClock } = options;
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) throw invalid(`there is no option ${unknown}`);
  const { algorithms, keyFor } = readKeys(options);
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
  return new CarillonError("option-invalid", { message });
}
