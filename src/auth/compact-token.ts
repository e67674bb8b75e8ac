/** Longer ones are refused before anything reads them: no header of a request holds much more either. */
export const maxTokenLength = 8_192;

/**
 * Whether a text has the one and only spelling of a signed token: three parts in base64url without padding, whose unused
 * bits are zero. Other spellings of the same token would get past lists of tokens.
 *
 * @see RFC 7515, section 7.1, and RFC 4648, sections 3.5 and 5
 */
export function isCompactToken(text: string): boolean {
  if (text.length > maxTokenLength) return false;
  const parts = text.split(".");
  return parts.length === 3 && parts.every(isCanonical);
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function isCanonical(part: string): boolean {
  if (part === "") return false;
  for (const character of part) if (!alphabet.includes(character)) return false;
  const rest = part.length % 4;
  const last = alphabet.indexOf(part.at(-1)!);
  if (rest === 2) return last % 16 === 0;
  if (rest === 3) return last % 4 === 0;
  return rest === 0;
}
