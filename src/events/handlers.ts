import { CarillonError } from "../errors/carillon-error.ts";

interface Entry<Handler> {
  readonly pattern: string;
  readonly handler: Handler;
}

/**
 * Handlers by event name or pattern, called in the order they were added.
 *
 * Lists are replaced and never changed, so that adding or removing during a call affects the next call only.
 */
export class Handlers<Handler> {
  #entries: readonly Entry<Handler>[] = [];
  /** Filled on demand for the names that were added; cleared by every change. Never by names from the wire. */
  readonly #exact = new Map<string, readonly Handler[]>();
  #patterns = false;

  /**
   * @returns the function that takes the handler away again; calling it twice is harmless
   * @throws {CarillonError} `option-invalid` when the `*` of a pattern is not its last character
   */
  add(pattern: string, handler: Handler): () => void {
    const star = pattern.indexOf("*");
    if (star >= 0 && star < pattern.length - 1) {
      throw new CarillonError("option-invalid", { message: `the * of "${pattern}" must be its last character` });
    }
    const entry = { pattern, handler };
    this.#change([...this.#entries, entry]);
    return () => this.#change(this.#entries.filter((other) => other !== entry));
  }

  find(event: string): readonly Handler[] {
    if (!this.#patterns) return this.#exact.get(event) ?? none;
    return this.#entries.filter(({ pattern }) => matches(pattern, event)).map(({ handler }) => handler);
  }

  #change(entries: readonly Entry<Handler>[]): void {
    this.#entries = entries;
    this.#patterns = entries.some(({ pattern }) => pattern.endsWith("*"));
    this.#exact.clear();
    for (const { pattern, handler } of entries) {
      this.#exact.set(pattern, [...(this.#exact.get(pattern) ?? []), handler]);
    }
  }
}

/** Shared, because nobody listens to most of what happens. */
const none: readonly never[] = [];

function matches(pattern: string, event: string): boolean {
  return pattern.endsWith("*") ? event.startsWith(pattern.slice(0, -1)) : pattern === event;
}
