import { createPublicKey, type KeyObject } from "node:crypto";
import { createRemoteJWKSet, errors, type JWK, type JWTVerifyGetKey } from "jose";
import { CarillonError } from "../errors/carillon-error.ts";

/** Signed with a secret that both sides know. */
export type SecretAlgorithm = "HS256" | "HS384" | "HS512";

/** Signed with a private key, checked with the public one. */
export type PublicKeyAlgorithm =
  | "RS256"
  | "RS384"
  | "RS512"
  | "PS256"
  | "PS384"
  | "PS512"
  | "ES256"
  | "ES384"
  | "ES512"
  | "EdDSA";

/** A public key, with the one algorithm that it is for. */
export interface JwtKey {
  readonly algorithm: PublicKeyAlgorithm;
  /** In PEM or as a JSON Web Key. */
  readonly key: string | JWK;
  /** Tells keys of one algorithm apart; a key without one is for tokens that name none or an unknown one. */
  readonly kid?: string;
}

/** Where the keys come from: give one of `secret`, `keys` and `jwksUrl`. */
export interface KeySources {
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
}

/** What verifies tokens. */
export interface Keys {
  readonly algorithms: readonly string[];
  readonly keyFor: JWTVerifyGetKey;
}

/** The keys could not be fetched, which says nothing about the token. */
export class KeysUnavailable extends Error {}

/** Bytes that a secret has at least. @see RFC 7518, section 3.2 */
const secretBytes: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };

/** The kind of key that an algorithm needs, as Node names it. @see RFC 7518, section 3.1, and RFC 8037 */
const kinds: Readonly<Record<string, string>> = {
  RS256: "rsa",
  RS384: "rsa",
  RS512: "rsa",
  PS256: "rsa",
  PS384: "rsa",
  PS512: "rsa",
  ES256: "ec prime256v1",
  ES384: "ec secp384r1",
  ES512: "ec secp521r1",
  EdDSA: "ed25519",
};

/** @see RFC 7518, section 3.3 */
const minModulusBits = 2_048;

/** @throws {CarillonError} `option-invalid` */
export function readKeys({ secret, keys, jwksUrl, algorithms }: KeySources): Keys {
  if ([secret, keys, jwksUrl].filter((source) => source !== undefined).length !== 1)
    throw invalid("give one of secret, keys and jwksUrl");
  if (secret !== undefined) return ofSecret(secret, algorithms ?? ["HS256"]);
  if (jwksUrl !== undefined) return ofUrl(jwksUrl, algorithms ?? ["RS256", "ES256", "EdDSA"]);
  if (algorithms !== undefined) throw invalid("each of keys names its algorithm, so algorithms must be left out");
  return ofKeys(keys!);
}

function ofSecret(secret: string | Uint8Array, algorithms: readonly string[]): Keys {
  const bytes = typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
  checkAlgorithms(algorithms, secretBytes, "a secret");
  const least = Math.max(...algorithms.map((algorithm) => secretBytes[algorithm]!));
  if (!(bytes.length >= least)) throw invalid(`secret must have ${least} bytes for ${algorithms.join(", ")}`);
  return { algorithms, keyFor: () => bytes };
}

function ofUrl(jwksUrl: string | URL, algorithms: readonly string[]): Keys {
  checkAlgorithms(algorithms, kinds, "jwksUrl");
  const url = URL.parse(jwksUrl);
  const isNear = url !== null && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url?.protocol !== "https:" && !(isNear && url.protocol === "http:"))
    throw invalid("jwksUrl must begin with https://");
  // A host of other scripts may be too long once it is written in ASCII.
  if (!URL.canParse(url.href)) throw invalid("jwksUrl must have a host that can be looked up");
  const fetched = createRemoteJWKSet(url);
  return {
    algorithms,
    async keyFor(header, token) {
      try {
        return await fetched(header, token);
      } catch (error) {
        if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) throw error;
        throw new KeysUnavailable("the keys of jwksUrl cannot be used", { cause: error });
      }
    },
  };
}

function ofKeys(keys: readonly JwtKey[]): Keys {
  const byName = new Map<string, KeyObject>();
  for (const { algorithm, key, kid } of keys) {
    const name = nameOf(algorithm, kid);
    if (byName.has(name)) throw invalid(`keys has two of ${algorithm} with the same kid`);
    byName.set(name, publicKey(algorithm, key));
  }
  const algorithms = [...new Set(keys.map(({ algorithm }) => algorithm))];
  checkAlgorithms(algorithms, kinds, "keys");
  return {
    algorithms,
    keyFor({ alg, kid }) {
      const found = byName.get(nameOf(alg, kid)) ?? byName.get(nameOf(alg, undefined));
      if (!found) throw new errors.JWKSNoMatchingKey();
      return found;
    },
  };
}

function nameOf(algorithm: string, kid: unknown): string {
  return JSON.stringify([algorithm, kid]);
}

function publicKey(algorithm: string, key: string | JWK): KeyObject {
  let read: KeyObject;
  try {
    read = createPublicKey(typeof key === "string" ? key : { key: { ...key }, format: "jwk" });
  } catch (cause) {
    throw invalid("a key is neither PEM nor a JSON Web Key of a public key", cause);
  }
  const { namedCurve, modulusLength = minModulusBits } = read.asymmetricKeyDetails ?? {};
  const kind = [read.asymmetricKeyType, ...(namedCurve === undefined ? [] : [namedCurve])].join(" ");
  if (kind !== kinds[algorithm]) throw invalid(`a key of kind ${kind} is not for ${algorithm}`);
  if (modulusLength < minModulusBits) throw invalid(`an RSA key must have ${minModulusBits} bits`);
  return read;
}

function checkAlgorithms(
  algorithms: readonly string[],
  known: Readonly<Record<string, unknown>>,
  source: string,
): void {
  const unknown = algorithms.filter((algorithm) => !Object.hasOwn(known, algorithm));
  if (algorithms.length === 0 || unknown.length > 0)
    throw invalid(`${source} must come with one of ${Object.keys(known).join(", ")}`);
}

function invalid(message: string, cause?: unknown): CarillonError {
  return new CarillonError("option-invalid", { message, cause });
}
