import { toBase64 } from "../protocol/base64.ts";

/** A payload as JSON can say it: bytes become base64 text. */
export function jsonPayload(data: unknown): unknown {
  return data instanceof Uint8Array ? toBase64(data) : data;
}

/** An object of JSON, and no list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A field of an object whose writer may spell its name in capitals or not, as the decoders of Go take them: the exact name
 * comes first, and of others the last one.
 */
export function fieldOf(object: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  let found: unknown;
  const lower = name.toLowerCase();
  for (const [key, value] of Object.entries(object)) if (key.toLowerCase() === lower) found = value;
  return found;
}
