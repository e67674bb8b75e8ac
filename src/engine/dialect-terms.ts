import type { Source } from "./publication.ts";

/**
 * What a dialect knows about what its client does. Never to be made from what a client says: it is where a dialect has rules
 * of its own.
 */
export interface DialectTerms {
  /** The dialect has asked in its own way whether the client may; the channel's `authorize` and `whispers` are not. */
  readonly isAuthorized?: boolean;
  /** It is what becomes of a message that the interceptors have seen already. */
  readonly isIntercepted?: boolean;
  /** The words that the client used; left out when the application changed what they say. */
  readonly source?: Source | undefined;
  /** The words say nothing of the data, and stay whatever becomes of it. */
  readonly isSourceDataless?: boolean;
}

/** What is said by a client, or meant by what it said. */
interface Wording {
  readonly event: string;
  readonly data?: unknown;
}

/** The words of a client, as long as they still say what is published. */
export function unchangedSource(
  { source, isSourceDataless }: DialectTerms,
  said: Wording,
  meant: Wording,
): { readonly source?: Source } {
  return source && said.event === meant.event && (isSourceDataless || said.data === meant.data) ? { source } : {};
}

/** As {@link unchangedSource}, where what the data holds may be changed between the two calls. */
export function watchedSource(terms: DialectTerms, said: Wording): (meant: Wording) => { readonly source?: Source } {
  const isWatched = terms.source && !terms.isSourceDataless;
  const before = isWatched ? imageOf(said.data) : "";
  return (meant) => (isWatched && imageOf(said.data) !== before ? {} : unchangedSource(terms, said, meant));
}

/** Only for comparing. `undefined` for what no client could have said, but an application may make of it. */
function imageOf(data: unknown): string | undefined {
  // Each byte is another character.
  if (data instanceof Uint8Array) return new TextDecoder("latin1").decode(data);
  try {
    return JSON.stringify(data) ?? "";
  } catch {
    return undefined;
  }
}
