import { CarillonError } from "../../errors/carillon-error.ts";
import { maxTimerMs } from "../options.ts";
import type { ReconnectOptions } from "../reconnect.ts";

/** How a client comes back, after waits without jitter. */
export interface RedialOptions {
  /**
   * The first wait; every further one is twice as long. A connection starts over with it.
   *
   * @default 1_000 // 1 second
   */
  readonly delayMs?: number;
  /**
   * No wait is longer.
   *
   * @default 30_000 // 30 seconds
   */
  readonly maxDelayMs?: number;
  /**
   * How many tries in a row may fail before the client gives up. `0`: it never does.
   *
   * @default 5
   */
  readonly attempts?: number;
}

/**
 * The options with nothing left open; no attempts where they are `false`.
 *
 * @throws {CarillonError} `option-invalid`
 */
export function readRedial(options: false | RedialOptions = {}): Required<ReconnectOptions> {
  if (options === false) return { delayMs: 1, maxDelayMs: 1, attempts: 0, jitter: "none" };
  const { delayMs = 1_000, maxDelayMs = 30_000, attempts = 5 } = options;
  checkWhole("delayMs", delayMs, 1, maxTimerMs);
  checkWhole("maxDelayMs", maxDelayMs, 1, maxTimerMs);
  checkWhole("attempts", attempts, 0, Number.MAX_SAFE_INTEGER);
  return { delayMs, maxDelayMs, attempts: attempts === 0 ? Infinity : attempts, jitter: "none" };
}

/** @throws {CarillonError} `option-invalid` */
export function checkWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new CarillonError("option-invalid", { message: `${name} must be a whole number from ${least} to ${most}` });
}
