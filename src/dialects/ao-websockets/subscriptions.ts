import { checkPattern, isOrdinary } from "./event-names.ts";

/**
 * What is called for which events.
 *
 * Names are made of markers with `:` between them. `user:profile:*` means everything below `user:profile:`, and `user:profile`
 * itself as in the original; `*` alone means everything.
 */
export class Subscriptions<Handler> {
  /** Lists are replaced and never changed, so that adding or removing during a call affects the next call only. */
  readonly #exact = new Map<string, readonly Entry<Handler>[]>();
  /** By what stands before the `:*`; everything is under `undefined`. */
  readonly #below = new Map<string | undefined, readonly Entry<Handler>[]>();
  #added = 0;

  /**
   * @returns the function that takes the handler away again; calling it twice is harmless
   * @throws {CarillonError} `event-name-invalid`
   */
  add(pattern: string, handler: Handler): () => void {
    checkPattern(pattern);
    const entry = { handler, order: (this.#added += 1) };
    if (pattern === "*") return enter(this.#below, undefined, entry);
    return pattern.endsWith("*") ? enter(this.#below, pattern.slice(0, -2), entry) : enter(this.#exact, pattern, entry);
  }

  /** In the order they were added. */
  find(event: string): readonly Handler[] {
    const exact = this.#exact.get(event) ?? none;
    if (this.#below.size === 0 || isOrdinary(event)) return exact.map(({ handler }) => handler);
    const found = [...exact, ...(this.#below.get(undefined) ?? none), ...(this.#below.get(event) ?? none)];
    for (let end = event.indexOf(":"); end >= 0; end = event.indexOf(":", end + 1)) {
      found.push(...(this.#below.get(event.slice(0, end)) ?? none));
    }
    return found.toSorted((a, b) => a.order - b.order).map(({ handler }) => handler);
  }

  clear(): void {
    this.#exact.clear();
    this.#below.clear();
  }
}

interface Entry<Handler> {
  readonly handler: Handler;
  readonly order: number;
}

const none: readonly never[] = [];

function enter<Key, Handler>(
  entries: Map<Key, readonly Entry<Handler>[]>,
  key: Key,
  entry: Entry<Handler>,
): () => void {
  entries.set(key, [...(entries.get(key) ?? none), entry]);
  return () => {
    const others = (entries.get(key) ?? none).filter((other) => other !== entry);
    if (others.length > 0) entries.set(key, others);
    else entries.delete(key);
  };
}
