import { CarillonError } from "../errors/carillon-error.ts";

/** Deeper data is refused in both directions; JSON's limit on the server is the same. */
export const maxDepth = 32;

/**
 * What `JSON.stringify` would make of a value, as a value: for codecs that could say more than the other side accepts.
 *
 * Otherwise a client could publish something in one codec that ends the connections of those who speak the other.
 *
 * @param depth how many lists and objects it is in
 * @returns `undefined` for what JSON leaves out
 * @throws {CarillonError} `bad-request` for what is nested too deep or in a circle
 * @throws {TypeError} for a BigInt
 */
export function asJson(value: unknown, depth: number): unknown {
  return plain(hasToJson(value) ? value.toJSON() : value, depth);
}

function plain(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "undefined":
      return value;
    case "number":
      return Number.isFinite(value) ? value : null;
    case "bigint":
      throw new TypeError("JSON has no BigInt");
    case "function":
    case "symbol":
      return undefined;
    case "object":
  }
  if (value === null) return null;
  if (depth >= maxDepth) {
    throw new CarillonError("bad-request", { message: `data is nested deeper than ${maxDepth}` });
  }
  if (Array.isArray(value)) return Array.from(value, (item) => asJson(item, depth + 1) ?? null);
  // Without a prototype, because where that of all objects is frozen, its names could not be written.
  const fields = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(value)) {
    // MessagePack's readers refuse this key, because it would change a prototype.
    if (key === "__proto__") continue;
    const field = asJson((value as Record<string, unknown>)[key], depth + 1);
    if (field !== undefined) fields[key] = field;
  }
  return fields;
}

function hasToJson(value: unknown): value is { toJSON(): unknown } {
  return typeof value === "object" && value !== null && "toJSON" in value && typeof value.toJSON === "function";
}
