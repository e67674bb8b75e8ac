import { CarillonError } from "../errors/carillon-error.ts";

/** Deeper JSON is refused: what parses may still overflow the stack of whoever writes it again. */
const maxDepth = 32;

/** Texts, lists, objects, commas and colons count; more would take long to parse, however small the message. */
const maxTokens = 10_000;

/**
 * `JSON.parse` for text from strangers, which looks first.
 *
 * @throws {CarillonError} `bad-request` for text that is too deep or has too many tokens; otherwise as `JSON.parse` does
 */
export function parseJson(text: string): unknown {
  // Most messages are short and flat, and two searches say so in a fraction of what the scan costs.
  if (text.length > maxTokens || occurrences(text, "{") + occurrences(text, "[") > maxDepth) {
    // What is fine alone is fine in a list of messages.
    scan(text, /^\s*\[/.test(text) ? maxDepth + 1 : maxDepth);
  }
  return JSON.parse(text);
}

/** How often a character occurs, in texts among other places; counted no further than it matters. */
function occurrences(text: string, char: string): number {
  let count = 0;
  for (let index = text.indexOf(char); index >= 0 && count <= maxDepth; index = text.indexOf(char, index + 1))
    count += 1;
  return count;
}

/** One pass, no allocation; whether it is JSON at all is left to the parser. */
function scan(text: string, deepest: number): void {
  let depth = 0;
  let tokens = 0;
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case 0x22: // "
        index = endOfString(text, index);
        tokens += 1;
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth += 1;
        tokens += 1;
        if (depth > deepest) refuse(`the JSON is nested deeper than ${deepest}`);
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
        break;
      case 0x2c: // ,
      case 0x3a: // :
        tokens += 1;
        break;
      default:
    }
    if (tokens > maxTokens) refuse(`the JSON has more than ${maxTokens} tokens`);
  }
}

/** The index of the closing quote, or the end of the text. */
export function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x22) return index;
    if (code === 0x5c) index += 1; // the character behind a backslash
  }
  return text.length;
}

function refuse(message: string): never {
  throw new CarillonError("bad-request", { message });
}
