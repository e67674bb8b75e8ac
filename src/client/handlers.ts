interface Entry {
  readonly handler: (...parameters: never[]) => unknown;
  removed: boolean;
}

/**
 * Handlers by event name or pattern: those of the name first, then those of patterns, each in the order they were added.
 *
 * Lists are replaced and never changed, so a handler added during a call is not part of it; one removed is not called.
 */
export class Handlers {
  readonly #named = new Map<string, readonly Entry[]>();
  #patterns: readonly (readonly [prefix: string, entry: Entry])[] = [];

  /** @returns the function that takes the handler away again; calling it twice is harmless */
  on(event: string, handler: (...parameters: never[]) => unknown): () => void {
    const entry: Entry = { handler, removed: false };
    if (event.endsWith("*")) {
      this.#patterns = [...this.#patterns, [event.slice(0, -1), entry]];
      return () => {
        entry.removed = true;
        this.#patterns = this.#patterns.filter((other) => other[1] !== entry);
      };
    }
    this.#named.set(event, [...(this.#named.get(event) ?? []), entry]);
    return () => {
      entry.removed = true;
      const rest = (this.#named.get(event) ?? []).filter((other) => other !== entry);
      if (rest.length > 0) this.#named.set(event, rest);
      else this.#named.delete(event);
    };
  }

  /**
   * Calls every handler of an event; what one throws or rejects with goes to `thrown`, and the others are still called.
   *
   * @returns whether there was any
   */
  call(event: unknown, parameters: readonly unknown[], thrown: (error: unknown) => void): boolean {
    if (typeof event !== "string") return false;
    const entries = [
      ...(this.#named.get(event) ?? []),
      ...this.#patterns.filter(([prefix]) => event.startsWith(prefix)).map(([, entry]) => entry),
    ];
    for (const { handler, removed } of entries) {
      if (removed) continue;
      try {
        const result = handler(...(parameters as never[]));
        if (result instanceof Promise) result.catch(thrown);
      } catch (error) {
        thrown(error);
      }
    }
    return entries.length > 0;
  }
}
