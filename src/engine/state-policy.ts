import { CarillonError } from "../errors/carillon-error.ts";
import type { StatePolicy, StateWrite } from "./ports/broker.ts";
import type { Publication } from "./publication.ts";
import { utf8Length } from "./utf8-length.ts";

const usual: Required<StatePolicy> = { keys: 1_000, bytes: 1_048_576, ttlMs: 86_400_000 };
const most: Required<StatePolicy> = { keys: 100_000, bytes: 2 ** 31 - 1, ttlMs: 2 ** 31 - 1 };

/** @throws {CarillonError} `option-invalid` when something is out of range */
export function statePolicy(
  pattern: string,
  policy: boolean | StatePolicy | undefined,
): Required<StatePolicy> | undefined {
  if (policy === undefined || policy === false) return undefined;
  const { keys = usual.keys, bytes = usual.bytes, ttlMs = usual.ttlMs } = policy === true ? usual : policy;
  const filled = { keys, bytes, ttlMs };
  for (const name of ["keys", "bytes", "ttlMs"] as const) {
    const value = filled[name];
    if (Number.isSafeInteger(value) && value >= 1 && value <= most[name]) continue;
    const message = `channels: state.${name} of "${pattern}" must be a whole number from 1 to ${most[name]}`;
    throw new CarillonError("option-invalid", { message });
  }
  return filled;
}

/**
 * What the broker is told of a publication that has a key.
 *
 * @throws {CarillonError} `not-supported` where no state is kept, `payload-invalid` when it cannot be said in JSON
 */
export function stateWrite(
  { channel, data, stateKey = "" }: Publication,
  policy: Required<StatePolicy> | undefined,
): StateWrite {
  if (!policy) throw stateless(channel);
  return { ...policy, size: utf8Length(stateKey) + payloadBytes(data) };
}

/** A channel's rule has to ask for state. */
export function stateless(channel: string): CarillonError {
  const message = `"${channel}" keeps no state; set "state: true" in its rule`;
  return new CarillonError("not-supported", { message });
}

/** A channel's state has no room for what was published. */
export function stateFull(channel: string, { keys, bytes }: Required<StatePolicy>): CarillonError {
  const message = `the state of "${channel}" may have ${keys} keys and ${bytes} bytes`;
  return new CarillonError("limit-exceeded", { message });
}

function payloadBytes(data: unknown): number {
  if (data instanceof Uint8Array) return data.length;
  try {
    return utf8Length(JSON.stringify(data) ?? "");
  } catch (cause) {
    throw new CarillonError("payload-invalid", { message: "the data could not be encoded", cause });
  }
}
