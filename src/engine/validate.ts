import type { StandardSchemaV1 } from "@standard-schema/spec";
import { CarillonError } from "../errors/carillon-error.ts";
import type { LiveConnection } from "./connection.ts";
import type { Failures } from "./failures.ts";
import { andThen, isPending, type Later } from "./later.ts";

/** What a client wants to have done with an event. */
export interface Submission {
  readonly connection: LiveConnection;
  readonly event: string;
  readonly data: unknown;
}

/**
 * Checks the payload of an event with the schema that was given for it, if any.
 *
 * @returns what the schema made of it
 * @throws {CarillonError} `payload-invalid`, with what was wrong and where; `internal` when the schema itself failed
 */
export function validate(
  schemas: ReadonlyMap<string, StandardSchemaV1>,
  { connection, event, data }: Submission,
  failures: Failures,
): Later<unknown> {
  const schema = schemas.get(event);
  if (!schema) return data;
  const failed = (cause: unknown): never => {
    throw failures.ofHook(cause, "internal", { connection, event });
  };
  try {
    const value = andThen(schema["~standard"].validate(data), valueOf);
    return isPending(value) ? value.catch(failed) : value;
  } catch (error) {
    return failed(error);
  }
}

function valueOf(result: StandardSchemaV1.Result<unknown>): unknown {
  if (!result.issues) return result.value;
  const details = result.issues.slice(0, 10).map(({ message, path }) => ({ message, path: path?.map(keyOf) ?? [] }));
  throw new CarillonError("payload-invalid", { details });
}

function keyOf(segment: PropertyKey | StandardSchemaV1.PathSegment): string | number {
  const key = typeof segment === "object" ? segment.key : segment;
  return typeof key === "number" ? key : String(key);
}
