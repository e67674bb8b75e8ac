import type { Random } from "../../platform/random.ts";

const msPerDay = 86_400_000;

/** RFC 3339 in UTC: whole seconds, or the fraction of the second, too, without its trailing zeros. */
export function rfc3339(wall: number, precision: "seconds" | "fraction"): string {
  const ms = Math.floor(wall);
  const days = Math.floor(ms / msPerDay);
  const inDay = ms - days * msPerDay;
  const clock = [inDay / 3_600_000, (inDay / 60_000) % 60, (inDay / 1_000) % 60].map((part) => padded(part, 2));
  const fraction = padded(inDay % 1_000, 3).replace(/0+$/, "");
  return `${dateOf(days)}T${clock.join(":")}${precision === "fraction" && fraction !== "" ? `.${fraction}` : ""}Z`;
}

/** Days since 1970 as a date. @see Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days */
function dateOf(days: number): string {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  // Years begin in March here, so that the day of the leap year is the last one.
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;
}

function padded(value: number, digits: number): string {
  return String(Math.floor(value)).padStart(digits, "0");
}

/**
 * Unix time in nanoseconds, as text, and never the same twice.
 *
 * Clocks tell milliseconds, so the rest is a count. It begins anywhere, because other nodes count as well.
 */
export class Nanoseconds {
  readonly #first: number;
  #ms = 0;
  #count = 0;

  constructor(random: Pick<Random, "next">) {
    this.#first = Math.floor(random.next() * 900_000);
  }

  next(wall: number): string {
    const ms = Math.floor(wall);
    if (ms > this.#ms) {
      this.#ms = ms;
      this.#count = this.#first;
    } else if ((this.#count += 1) > 999_999) {
      this.#ms += 1;
      this.#count = this.#first;
    }
    return `${this.#ms}${padded(this.#count, 6)}`;
  }
}
