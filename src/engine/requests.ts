import { CarillonError } from "../errors/carillon-error.ts";
import type { Clock, Timer } from "../platform/clock.ts";

interface Pending {
  readonly resolve: (data: unknown) => void;
  readonly reject: (error: CarillonError) => void;
  readonly timer: Timer;
}

/** The questions that one connection was asked and has not answered yet. Each ends exactly once. */
export class Requests {
  readonly #pending = new Map<number, Pending>();
  readonly #clock: Clock;
  readonly #limit: number;
  #lastRef = 0;

  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Opens a question, and hands its `ref` to `ask` before anything else can happen. */
  open(timeoutMs: number, ask: (ref: number) => void): Promise<unknown> {
    if (this.#pending.size >= this.#limit) {
      return Promise.reject(
        new CarillonError("limit-exceeded", { message: `${this.#limit} requests wait for this client already` }),
      );
    }
    const ref = (this.#lastRef += 1);
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(timeoutMs, () => this.reject(ref, new CarillonError("timeout")));
      this.#pending.set(ref, { resolve, reject, timer });
      ask(ref);
    });
  }

  /** An answer to something that was not asked, or answered already, is ignored. */
  resolve(ref: number, data: unknown): void {
    this.#take(ref)?.resolve(data);
  }

  reject(ref: number, error: CarillonError): void {
    this.#take(ref)?.reject(error);
  }

  rejectAll(error: CarillonError): void {
    for (const ref of [...this.#pending.keys()]) this.reject(ref, error);
  }

  #take(ref: number): Pending | undefined {
    const pending = this.#pending.get(ref);
    this.#pending.delete(ref);
    pending?.timer.cancel();
    return pending;
  }
}
