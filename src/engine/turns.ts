/** Runs one thing after another: what is asked for while something runs waits until that has ended. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #busy = false;

  take(run: () => void): void {
    if (this.#busy) {
      this.#waiting.push(run);
      return;
    }
    this.#busy = true;
    try {
      run();
      for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) next();
    } finally {
      this.#busy = false;
    }
  }
}
