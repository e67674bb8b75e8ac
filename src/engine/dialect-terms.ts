import type { Source } from "./publication.ts";

/**
 * What a dialect knows about what its client does. Never to be made from what a client says: it is where a dialect has rules
 * of its own.
 */
export interface DialectTerms {
  /** The dialect has asked in its own way whether the client may; the channel's `authorize` and `whispers` are not. */
  readonly isAuthorized?: boolean;
  /** The words that the client used; left out when the application changed what they say. */
  readonly source?: Source | undefined;
  /** The words say nothing of the data, and stay whatever becomes of it. */
  readonly isSourceDataless?: boolean;
}

/** The words of a client, as long as they still say what is published. */
export function unchangedSource(
  { source, isSourceDataless }: DialectTerms,
  said: { readonly event: string; readonly data?: unknown },
  meant: { readonly event: string; readonly data?: unknown },
): { readonly source?: Source } {
  return source && said.event === meant.event && (isSourceDataless || said.data === meant.data) ? { source } : {};
}
