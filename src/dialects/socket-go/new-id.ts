import type { Random } from "../../platform/random.ts";

/** 16 and 4 hexadecimal digits, all of them unguessable: for connections, and for the sessions of polling clients. */
export function newId(random: Pick<Random, "uuid">): string {
  // The 13th and the 17th digit of a UUID say what it is. @see RFC 9562, section 5.4
  const digits = random.uuid().replaceAll("-", "").toLowerCase();
  return `${digits.slice(0, 12)}${digits.slice(20, 24)}-${digits.slice(24, 28)}`;
}
