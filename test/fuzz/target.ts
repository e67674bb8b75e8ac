/**
 * Fuzzing: what parses the words of strangers is fed with words that were right until somebody changed them.
 *
 * A target is one parser, or one conversation from end to end. To add one, for a dialect for instance:
 *
 * 1. Write `targets/<name>.ts`, which exports a {@link Target}. Its corpus is what real clients send: each entry a whole
 *    input, valid, and as different from the others as the format allows. The mutators splice entries with one another.
 * 2. `run` feeds one input to the parser, and throws for whatever must not happen: an error that the parser does not
 *    declare, an answer that is none of the language, a connection that outlives its wire. What the parser declares is
 *    caught in `run`, by {@link declared}. It starts from nothing each time, so that an input says all there is to say.
 * 3. Add it to the list in `targets.ts`. `fuzz.test.ts` then runs it, and so does `npm run fuzz`.
 *
 * A dialect's target opens a session on a `FakeWire`, with frames parted as `frames.ts` does it: see
 * `targets/native-conversation.ts`.
 */
export interface Target {
  readonly name: string;
  readonly corpus: readonly Uint8Array[];
  /** What the language is made of, with a character for each byte; put into inputs here and there. */
  readonly words?: readonly string[];
  /** Inputs are no longer. Default: 8,192. */
  readonly maxBytes?: number;
  /** So many executions are enough for CI; the slow ones need fewer. Default: 2,000. */
  readonly executions?: number;
  run(input: Uint8Array): void | Promise<void>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A corpus of texts. */
export function texts(...entries: readonly string[]): readonly Uint8Array[] {
  return entries.map((entry) => encoder.encode(entry));
}

/** An input as text; what is no UTF-8 becomes U+FFFD, as it does in a WebSocket that lets it through. */
export function textOf(input: Uint8Array): string {
  return decoder.decode(input);
}

/** An input as text with a character for each byte, as Node hands out headers. */
export function bytesAsText(input: Uint8Array): string {
  // Not a TextDecoder: what that calls latin1 is windows-1252.
  return Buffer.from(input).toString("latin1");
}

/** Runs a parser, and lets pass what it says it throws. @returns `undefined` when it did */
export function declared<Result>(run: () => Result, isDeclared: (error: unknown) => boolean): Result | undefined {
  try {
    return run();
  } catch (error) {
    if (isDeclared(error)) return undefined;
    throw error;
  }
}

/** Throws unless it holds. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}
