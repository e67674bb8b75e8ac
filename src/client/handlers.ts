/** Whatever the application passes to an `on`; its overloads give it its type. */
export type AnyHandler = (...parameters: never[]) => unknown;

interface Entry {
  readonly pattern: string;
  readonly handler: AnyHandler;
  isRemoved: boolean;
}

/**
 * Handlers by event name or pattern, called in the order they were added.
 *
 * The list is replaced and never changed: a handler that is added during a call is not part of it, and one that is
 * removed is not called.
 */
export interface Handlers {
  /** @returns the function that takes the handler away again; calling it twice is harmless */
  on(pattern: string, handler: AnyHandler): () => void;
  /**
   * Calls every handler of an event; what one throws or rejects with goes to `thrown`, and the others are still called.
   *
   * @returns whether there was any
   */
  call(event: string, parameters: readonly unknown[], thrown: (error: unknown) => void): boolean;
}

export function createHandlers(): Handlers {
  let entries: readonly Entry[] = [];
  return {
    on(pattern, handler) {
      const entry: Entry = { pattern, handler, isRemoved: false };
      entries = [...entries, entry];
      return () => {
        entry.isRemoved = true;
        entries = entries.filter((other) => other !== entry);
      };
    },
    call(event, parameters, thrown) {
      const called = entries.filter(({ pattern }) => matches(pattern, event));
      for (const entry of called) {
        if (entry.isRemoved) continue;
        try {
          const result = entry.handler(...(parameters as never[]));
          if (result instanceof Promise) result.catch(thrown);
        } catch (error) {
          thrown(error);
        }
      }
      return called.length > 0;
    },
  };
}

function matches(pattern: string, event: string): boolean {
  return pattern.endsWith("*") ? event.startsWith(pattern.slice(0, -1)) : pattern === event;
}
