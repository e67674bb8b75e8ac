import type { Publication } from "./publication.ts";

/**
 * Whether the payloads are longer than `limit` bytes together, as JSON would be.
 *
 * An estimate that encodes nothing and stops where the limit is passed; without recursion, because nothing says how deep the
 * server's own payloads are.
 */
export function exceedsBytes(publications: readonly Publication[], limit: number): boolean {
  const left: unknown[] = publications.map(({ data }) => data);
  let bytes = 0;
  while (left.length > 0) {
    const value = left.pop();
    bytes += ownBytes(value);
    if (bytes > limit) return true;
    if (Array.isArray(value)) for (const item of value) left.push(item);
    else if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) {
      for (const [key, field] of Object.entries(value)) {
        bytes += key.length + 4;
        left.push(field);
      }
    }
  }
  return bytes > limit;
}

/** A value without what is in it; text and bytes with their quotes, anything else with its comma or brackets. */
function ownBytes(value: unknown): number {
  if (typeof value === "string") return value.length + 2;
  if (value instanceof Uint8Array) return Math.ceil(value.length / 3) * 4 + 2;
  return typeof value === "number" ? 8 : 4;
}
