/** Randomness, as everything in Carillon sees it, so that tests and simulations can own it. */
export interface Random {
  /** At least 0, less than 1. Not for secrets. */
  next(): number;
  /** A version 4 UUID of 122 unguessable bits. @see RFC 9562, section 5.4 */
  uuid(): string;
}

/** The host's own randomness. Only servers make UUIDs: pages without TLS have no `randomUUID`. */
export const systemRandom: Random = {
  next: () => Math.random(),
  uuid: () => crypto.randomUUID(),
};
