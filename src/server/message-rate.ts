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

/** The rate of all clients, and how often one of them had to wait for it. */
export interface CountedMessageRate extends MessageRate {
  readonly pauses: number;
}

/** @throws {CarillonError} `option-invalid` */
export function messageRate({ perSecond = 1_000, burst = 2_000 }: MessageRateOptions = {}): CountedMessageRate {
  for (const [name, value] of Object.entries({ perSecond, burst })) {
    if (value === Infinity || (Number.isSafeInteger(value) && value > 0)) continue;
    throw new CarillonError("option-invalid", {
      message: `messageRate: ${name} must be a whole number of at least 1, or Infinity`,
    });
  }
  let pauses = 0;
  return {
    perSecond,
    burst,
    usedUp: () => void (pauses += 1),
    get pauses() {
      return pauses;
    },
  };
}
