import { CarillonError } from "../../errors/carillon-error.ts";
import type { ErrorCode } from "../../errors/codes.ts";
import type { Handshake } from "../../engine/handshake.ts";
import { isPending, type Later } from "../../engine/later.ts";
import type { Opening, Refusal } from "../dialect.ts";

/** Why an upgrade does not take place. */
export interface UpgradeRefusal {
  /** The HTTP status, such as 403. */
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Stands around the upgrades of clients: calls `next` and returns what that returns, or returns a refusal of its own.
 * Without a call of `next` there is no upgrade. It may throw a `CarillonError` to refuse as well.
 *
 * @example
 * ```ts
 * const onlyKnown: UpgradeMiddleware = (handshake, next) =>
 *   handshake.header("x-key") === "sesame" ? next() : { status: 403, message: "who are you?" };
 * ```
 */
export type UpgradeMiddleware = (
  handshake: Handshake,
  next: () => Later<UpgradeRefusal | undefined>,
) => Later<UpgradeRefusal | undefined>;

const statuses: Partial<Record<ErrorCode, number>> = {
  unauthorized: 401,
  "token-expired": 401,
  forbidden: 403,
  "rate-limited": 429,
  "broker-unavailable": 503,
};

/**
 * Leads a handshake through the middleware; `admit` is the innermost step.
 *
 * @param failed told what middleware threw that is no refusal
 */
export function upgrade(
  handshake: Handshake,
  middleware: readonly UpgradeMiddleware[],
  admit: () => UpgradeRefusal | undefined,
  failed: (error: unknown) => void,
): Later<Opening | Refusal> {
  let isAdmitted = false;
  const innermost = (): Later<UpgradeRefusal | undefined> => {
    const refusal = admit();
    isAdmitted = !refusal;
    return refusal;
  };
  const outermost = middleware.reduceRight<() => Later<UpgradeRefusal | undefined>>(
    (next, one) => () => one(handshake, next),
    innermost,
  );
  const decide = (refusal: UpgradeRefusal | undefined): Opening | Refusal => {
    if (refusal) return { kind: "refuse", ...refusal };
    return isAdmitted ? { kind: "open" } : { kind: "refuse", status: 403, message: "Forbidden" };
  };
  const refuse = (error: unknown): Refusal => {
    const status = error instanceof CarillonError ? statuses[error.code] : undefined;
    if (status !== undefined) return { kind: "refuse", status, message: (error as CarillonError).message };
    failed(error);
    return { kind: "refuse", status: 500, message: "something went wrong on the server" };
  };
  try {
    const refusal = outermost();
    return isPending(refusal) ? refusal.then(decide).catch(refuse) : decide(refusal);
  } catch (error) {
    return refuse(error);
  }
}
