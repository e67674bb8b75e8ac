import { createHmac, generateKeyPairSync, sign, type KeyObject, type KeyPairKeyObjectResult } from "node:crypto";
import type { ConnectAttempt } from "../../src/engine/application.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";

export const secret = "a secret of 32 bytes at the least";
export const clock: ManualClock = new ManualClock();
/** The time of the tests, in the seconds of claims. */
export const now: number = Math.floor(clock.wall() / 1_000);

/** Claims of a good token. */
export const good: { readonly sub: string; readonly exp: number } = { sub: "ada", exp: now + 600 };

export const rsa: KeyPairKeyObjectResult = generateKeyPairSync("rsa", { modulusLength: 2_048 });
export const ec: KeyPairKeyObjectResult = generateKeyPairSync("ec", { namedCurve: "P-256" });
export const ed: KeyPairKeyObjectResult = generateKeyPairSync("ed25519");

export function pem({ publicKey }: { readonly publicKey: KeyObject }): string {
  return publicKey.export({ type: "spki", format: "pem" }).toString();
}

export function encoded(part: unknown): string {
  return Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");
}

/** A token as an issuer with a secret makes it; made by hand, so that it may be wrong in any way. */
export function signed(claims: unknown, header: object = {}, key: string | Buffer = secret): string {
  const input = `${encoded({ alg: "HS256", ...header })}.${encoded(claims)}`;
  return `${input}.${createHmac("sha256", key).update(input).digest("base64url")}`;
}

/** A token of an issuer with a private key. */
export function signedBy(key: KeyObject, claims: unknown, header: object): string {
  const input = `${encoded(header)}.${encoded(claims)}`;
  const hash = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  const signature = sign(hash, Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}

/** Someone who wants to connect, with what the test says about the request. */
export function attemptWith(
  token: string | undefined,
  { headers = {}, query = "" }: { readonly headers?: Readonly<Record<string, string>>; readonly query?: string } = {},
): ConnectAttempt {
  const url = new URL(`ws://server/carillon${query}`);
  const all = new Headers(headers);
  const handshake = {
    method: "GET",
    path: url.pathname,
    url,
    headers: all,
    header: (name: string) => all.get(name) ?? undefined,
    rawHeaders: Object.entries(headers).flat(),
    ip: "192.0.2.1",
    secure: false,
    locals: {},
  };
  return { token, headers: all, url, ip: handshake.ip, handshake };
}
