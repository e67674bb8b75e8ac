import { createHash } from "node:crypto";

const tailLength = 30;

/** What happened, as a hash of everything and as text of the last of it. */
export class Trace {
  readonly #hash = createHash("sha1");
  readonly #now: () => number;
  readonly #print: ((line: string) => void) | undefined;
  #tail: string[] = [];
  #isOver = false;

  constructor(now: () => number, print?: (line: string) => void) {
    this.#now = now;
    this.#print = print;
  }

  add(actor: string, event: string): void {
    // What a world that failed had begun ends after it.
    if (this.#isOver) return;
    const line = `${this.#now().toFixed(3)} ${actor} ${event}`;
    this.#hash.update(line);
    this.#print?.(line);
    this.#tail.push(line);
    if (this.#tail.length >= 4 * tailLength) this.#tail = this.#tail.slice(-tailLength);
  }

  /** The last lines. */
  tail(): readonly string[] {
    return this.#tail.slice(-tailLength);
  }

  /** To be called once, at the end. */
  hash(): string {
    this.#isOver = true;
    return this.#hash.digest("hex");
  }
}
