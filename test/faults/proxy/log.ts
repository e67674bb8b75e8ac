/** `up` is from the client to the server. */
export type Direction = "up" | "down";

/** One thing that a proxy saw or did. */
export interface LogEntry {
  /** Milliseconds since the proxy was started. */
  readonly at: number;
  /** Which link it concerns, 1 for the first; 0: all of them, or none. */
  readonly link: number;
  /** In one word or a few: `opened`, `ended`, `rule`, `request`, `frame`, or the name of what a rule did. */
  readonly what: string;
  readonly direction?: Direction;
  /** Whatever else helps: a path, a status, a message's type. */
  readonly detail?: string;
  readonly bytes?: number;
}

/** What happened, oldest first; only ever appended to. */
export class ProxyLog {
  readonly #entries: LogEntry[] = [];
  readonly #begun = performance.now();

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  add(entry: Omit<LogEntry, "at">): void {
    this.#entries.push({ at: performance.now() - this.#begun, ...entry });
  }

  /** The entries that have all these values. */
  find(like: Partial<LogEntry>): readonly LogEntry[] {
    const wanted = Object.entries(like);
    return this.#entries.filter((entry) => wanted.every(([name, value]) => entry[name as keyof LogEntry] === value));
  }
}
