import { CarillonError } from "../errors/carillon-error.ts";
import { maxTimerMs } from "../platform/clock.ts";

/**
 * Checks a number that an application gave: a whole one and, where its name ends in `Ms`, one that a timer can be set to.
 *
 * @param place what the error begins with
 * @throws {CarillonError} `option-invalid`, naming it
 */
export function checkNumber(place: string, name: string, value: unknown, least: number): void {
  const isDelay = name.endsWith("Ms");
  const most = isDelay ? maxTimerMs : Number.MAX_SAFE_INTEGER;
  if (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most) return;
  const range = isDelay ? `from ${least} to ${most}` : `of at least ${least}`;
  throw new CarillonError("option-invalid", { message: `${place}: ${name} must be a whole number ${range}` });
}
