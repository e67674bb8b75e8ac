/** Randomness, as everything in Carillon sees it, so that tests and simulations can own it. */
export interface Random {
  /** At least 0, less than 1. Not for secrets. */
  next(): number;
  /** A version 4 UUID of 122 unguessable bits. @see RFC 9562, section 5.4 */
  uuid(): string;
}

/** The host's own randomness. */
export const systemRandom: Random = {
  next: () => Math.random(),
  // Browsers have `randomUUID` on secure origins only; where it exists it is 20 times faster.
  uuid: typeof crypto.randomUUID === "function" ? () => crypto.randomUUID() : uuidFromBytes,
};

/** The same UUID made of random bytes, for pages served without TLS. */
export function uuidFromBytes(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
