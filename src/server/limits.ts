import { getHeapStatistics } from "node:v8";
import { checkNumber } from "../engine/check-number.ts";
import { CarillonError } from "../errors/carillon-error.ts";
import { defaultLimits, type Limits } from "../engine/limits.ts";

/** @throws {CarillonError} `option-invalid`, naming the limit */
export function effectiveLimits(limits: Partial<Limits> = {}): Limits {
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(defaultLimits, name)) {
      const known = Object.keys(defaultLimits).join(", ");
      throw new CarillonError("option-invalid", { message: `limits: "${name}" is no limit; there are ${known}` });
    }
    if (value !== undefined) checkNumber("limits", name, value, 1);
  }
  const given = Object.entries(limits).filter(([, value]) => value !== undefined);
  return { ...defaultLimits, ...Object.fromEntries(given) };
}

/** @throws {CarillonError} `option-invalid` */
export function outboundLimit(bytes: number = Math.floor(getHeapStatistics().heap_size_limit / 5)): number {
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new CarillonError("option-invalid", { message: "maxBufferedBytes must be a whole number of at least 1" });
}
