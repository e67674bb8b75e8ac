import { CarillonError } from "../../errors/carillon-error.ts";
import type { ErrorCode } from "../../errors/codes.ts";
import type { Handshake } from "../../engine/handshake.ts";
import { isPending, type Later } from "../../engine/later.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Opening, Refusal } from "../dialect.ts";
import { textRefusal } from "../go-refusals.ts";
import { maxPatienceMs } from "../simple-session.ts";

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
  timeout: 503,
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
  clock: Clock,
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
    if (refusal !== undefined) {
      checkRefusal(refusal);
      return textRefusal(refusal.status, refusal.message, refusal.headers);
    }
    return isAdmitted ? { kind: "open" } : textRefusal(403, "Forbidden");
  };
  const refuse = (error: unknown): Refusal => {
    const status = error instanceof CarillonError ? statuses[error.code] : undefined;
    if (status !== undefined) return textRefusal(status, (error as CarillonError).message);
    failed(error);
    return textRefusal(500, "something went wrong on the server");
  };
  try {
    const refusal = outermost();
    return isPending(refusal) ? inTime(refusal, clock).then(decide).catch(refuse) : decide(refusal);
  } catch (error) {
    return refuse(error);
  }
}

/** What comes too late is nobody's any more. */
function inTime<Result>(answer: Promise<Result>, clock: Clock): Promise<Result> {
  return new Promise((resolve, reject) => {
    const deadline = clock.after(maxPatienceMs, () => reject(new CarillonError("timeout")));
    answer.then(resolve, reject).finally(() => deadline.cancel());
  });
}

/** The answer is written as it is, so what middleware copied into it from a request must not end a header. */
function checkRefusal(refusal: Partial<UpgradeRefusal> | null): void {
  const { status = 0, message, headers = {} } = refusal ?? {};
  const isStatus = Number.isInteger(status) && status >= 400 && status <= 599;
  const isText = typeof message === "string";
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  const areHeaders = Object.entries(headers).every(([name, value]) => !/[\u0000-\u001f\u007f]/.test(`${name}${value}`));
  if (isStatus && isText && areHeaders) return;
  throw new TypeError("middleware returns what next() returned, or { status, message } with a status from 400 to 599");
}
