const spellings = /^(?:urn:uuid:)?\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/i;

/**
 * A UUID as rooms are named with: lower-case, with hyphens. It may come in capitals, without hyphens, in braces or as a URN.
 *
 * @returns `undefined` for what is no UUID
 */
export function canonicalUuid(text: string): string | undefined {
  return spellings.exec(text)?.slice(1).join("-").toLowerCase();
}
