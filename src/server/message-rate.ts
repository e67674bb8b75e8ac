import { CarillonError } from "../errors/carillon-error.ts";
import type { MessageRate } from "../transports/pace.ts";

/** How fast one client may send. Each value is a whole number of at least 1, or `Infinity`. */
export interface MessageRateOptions {
  /**
   * Messages in a second.
   *
   * @default 1_000
   */
  readonly perSecond?: number;
  /**
   * Messages at once, after a time without any.
   *
   * @default 2_000
   */
  readonly burst?: number;
}

/** @throws {CarillonError} `option-invalid` */
export function messageRate({ perSecond = 1_000, burst = 2_000 }: MessageRateOptions = {}): MessageRate {
  for (const [name, value] of Object.entries({ perSecond, burst })) {
    if (value === Infinity || (Number.isSafeInteger(value) && value > 0)) continue;
    throw new CarillonError("option-invalid", {
      message: `messageRate: ${name} must be a whole number of at least 1, or Infinity`,
    });
  }
  return { perSecond, burst };
}
