/**
 * The groups of hostile inputs, and what each is about. `K` is what is known to have ended the processes of the systems whose
 * languages are spoken here; `D` goes through all of these languages alike.
 */
export const groups: Readonly<Record<string, { readonly about: string; readonly rows: number }>> = {
  H: { about: "HTTP, handshakes and routing", rows: 34 },
  W: { about: "WebSocket frames", rows: 40 },
  Z: { about: "compression", rows: 11 },
  LP: { about: "long-polling", rows: 28 },
  S: { about: "server-sent events", rows: 11 },
  J: { about: "JSON and payloads", rows: 19 },
  N: { about: "the native dialect", rows: 30 },
  A: { about: "tokens and signatures", rows: 19 },
  C: { about: "a hostile server against the client", rows: 15 },
  X: { about: "volume and state", rows: 12 },
  G: { about: "the dialects of the Go systems", rows: 22 },
  K: { about: "what ended the processes of the originals", rows: 11 },
  D: { about: "garbage, in every dialect", rows: 10 },
};

/** The ids of a group's rows, in order. */
export function rowsOf(group: string): readonly string[] {
  return Array.from({ length: groups[group]?.rows ?? 0 }, (_, n) => `${group}${String(n + 1).padStart(2, "0")}`);
}

/** The row that a test is about, by its name. */
export function rowOf(name: string): string | undefined {
  return /^[A-Z]{1,2}\d\d(?=: )/.exec(name)?.[0];
}
