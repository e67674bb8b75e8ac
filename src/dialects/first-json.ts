import { endOfString, parseJson } from "./json.ts";

/**
 * The first JSON value of a text; what follows it is nobody's.
 *
 * @throws as `parseJson` does
 */
export function firstJson(text: string): unknown {
  const end = endOfFirst(text);
  return parseJson(end === text.length ? text : text.slice(0, end));
}

/** Behind the first value; whether it is one is left to the parser. */
function endOfFirst(text: string): number {
  let depth = 0;
  let at = 0;
  while (at < text.length && isSpace(text.charCodeAt(at))) at += 1;
  const first = text.charCodeAt(at);
  const isNested = first === 0x7b || first === 0x5b;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      at = endOfString(text, at);
      if (!isNested) return Math.min(at + 1, text.length);
    } else if (code === 0x7b || code === 0x5b) {
      if (!isNested) return at;
      depth += 1;
    } else if (code === 0x7d || code === 0x5d) {
      depth -= 1;
      if (depth <= 0) return isNested ? at + 1 : at;
    } else if (!isNested && isSpace(code)) return at;
  }
  return text.length;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
