import type { Logger } from "./logger.ts";

const hidden = "[redacted]";

/** What is never written, whatever it holds; compared without case, `-` and `_`. */
const secretNames: ReadonlySet<string> = new Set([
  "accesstoken",
  "apikey",
  "authorization",
  "cookie",
  "cookies",
  "password",
  "proxyauthorization",
  "refreshtoken",
  "secret",
  "setcookie",
  "token",
]);

/** Secrets inside of text, each with what comes before it and stays. */
const secretText: readonly RegExp[] = [
  // A parameter of an address, and a field of JSON.
  /((?:access_?|refresh_?|id_?)?token["']?\s*[=:]\s*["']?|(?:password|secret|api_?key)["']?\s*[=:]\s*["']?)[^\s"'&;,}]+/gi,
  /(\b(?:Bearer|Basic)\s+)[\w.~+/=-]+/gi,
  /(\b(?:set-)?cookie["']?\s*[=:]\s*["']?)[^\n"']+/gi,
  // A JWT, wherever it stands; looked for once in each word, because a word may begin like one again and again.
  /()(?<![\w-])(?=[\w-]*eyJ)[\w-]+\.[\w-]+\.[\w-]*/g,
];

/** They could forge lines, or command the terminal that shows them; tabs and ends of lines belong to stacks. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** So deep it looks; nothing below is written. */
const maxDepth = 6;

/** The same logger, which is never told a token, a cookie or a password, and messages of one line only. */
export function redacting(logger: Logger): Logger {
  return {
    info: (facts, message) => logger.info(redactFacts(facts), redactLine(message)),
    warn: (facts, message) => logger.warn(redactFacts(facts), redactLine(message)),
    error: (facts, message) => logger.error(redactFacts(facts), redactLine(message)),
  };
}

/** Facts without what is secret: under a name that says so, or within text. */
export function redactFacts(facts: object): object {
  return new Redaction().value(facts, 0) as object;
}

/** Text without what is secret, and with its control characters written out. */
export function redactText(text: string): string {
  const safe = secretText.reduce((left, pattern) => left.replace(pattern, `$1${hidden}`), text);
  return safe.replace(controls, writtenOut);
}

function redactLine(text: string): string {
  return redactText(text).replace(/[\n\t\u2028\u2029]/g, writtenOut);
}

function writtenOut(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** One walk through facts, which visits every object once, however they refer to each other. */
class Redaction {
  readonly #seen = new Map<object, unknown>();

  value(value: unknown, depth: number): unknown {
    if (typeof value === "string") return redactText(value);
    if (typeof value !== "object" || value === null || value instanceof Date) return value;
    if (this.#seen.has(value)) return this.#seen.get(value);
    if (depth >= maxDepth) return hidden;
    // What comes round to itself ends here.
    this.#seen.set(value, hidden);
    try {
      const safe = this.#object(value, depth);
      this.#seen.set(value, safe);
      return safe;
    } catch {
      // A getter may throw; a log line must not.
      return hidden;
    }
  }

  #object(value: object, depth: number): unknown {
    if (value instanceof Error) return this.#error(value, depth);
    if (value instanceof URL) return redactText(value.href);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
    if (value instanceof Headers || value instanceof Map) return this.#fields([...value.entries()], depth);
    if (Array.isArray(value) || value instanceof Set) return [...value].map((item) => this.value(item, depth + 1));
    return this.#fields(Object.entries(value), depth);
  }

  #fields(entries: readonly (readonly [unknown, unknown])[], depth: number): object {
    return Object.fromEntries(
      entries.map(([key, field]) => {
        const name = String(key);
        return [name, isSecret(name) ? hidden : this.value(field, depth + 1)];
      }),
    );
  }

  /** An error that reads the same; the one it is made from stays what it was, for whoever handles it. */
  #error(error: Error, depth: number): Error {
    const { name, message, stack, cause } = error;
    const safe = Object.create(Object.getPrototypeOf(error) as object) as Error;
    const define = (key: string, value: unknown): void => {
      Object.defineProperty(safe, key, { value, enumerable: false, writable: true, configurable: true });
    };
    define("name", name);
    define("message", redactText(message));
    define("stack", stack === undefined ? undefined : redactText(stack));
    if (cause !== undefined) define("cause", this.value(cause, depth + 1));
    return Object.assign(safe, this.#fields(Object.entries(error), depth));
  }
}

function isSecret(name: string): boolean {
  return secretNames.has(name.replaceAll(/[-_]/g, "").toLowerCase());
}
