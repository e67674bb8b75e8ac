import type { StandardSchemaV1 } from "@standard-schema/spec";
import { CarillonError } from "../errors/carillon-error.ts";
import { andThen, type Later } from "./later.ts";

/**
 * Checks the payload of an event with the schema that was given for it, if any.
 *
 * @returns what the schema made of it
 * @throws {CarillonError} `payload-invalid`, with what was wrong and where
 */
export function validate(
  schemas: ReadonlyMap<string, StandardSchemaV1>,
  event: string,
  data: unknown,
): Later<unknown> {
  const schema = schemas.get(event);
  if (!schema) return data;
  return andThen(schema["~standard"].validate(data), (result) => {
    if (!result.issues) return result.value;
    const details = result.issues.slice(0, 10).map(({ message, path }) => ({ message, path: path?.map(keyOf) ?? [] }));
    throw new CarillonError("payload-invalid", { details });
  });
}

function keyOf(segment: PropertyKey | StandardSchemaV1.PathSegment): string | number {
  const key = typeof segment === "object" ? segment.key : segment;
  return typeof key === "number" ? key : String(key);
}
