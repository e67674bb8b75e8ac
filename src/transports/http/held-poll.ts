import type { Clock, Timer } from "../../platform/clock.ts";
import type { Exchange } from "./exchange.ts";

/** What a held poll is made of. */
export interface HeldPollParts {
  readonly exchange: Exchange;
  /** How many frames the client had when it asked. */
  readonly after: number;
  readonly clock: Clock;
  readonly holdMs: number;
  /** Answers it with what there is now. MUST NOT hold it again. */
  readonly answer: (poll: HeldPoll) => void;
  /** The client has left, or has waited for long enough. */
  readonly left: (poll: HeldPoll) => void;
}

/** A poll that waits for something to say. */
export class HeldPoll {
  readonly exchange: Exchange;
  readonly after: number;
  readonly #answer: (poll: HeldPoll) => void;
  readonly #timer: Timer;
  #isScheduled = false;
  #isOver = false;

  constructor({ exchange, after, clock, holdMs, answer, left }: HeldPollParts) {
    this.exchange = exchange;
    this.after = after;
    this.#answer = answer;
    const leave = (): void => {
      if (!this.#end()) return;
      exchange.answer(204);
      left(this);
    };
    this.#timer = clock.after(holdMs, leave);
    exchange.response.on("close", leave);
  }

  /** At the end of the turn, with everything that was sent in it. */
  push(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.close());
  }

  close(): void {
    if (this.#end()) this.#answer(this);
  }

  cut(): void {
    if (this.#end()) this.exchange.fail({ status: 409, message: "superseded by another request" });
  }

  /** @returns `false` when it was over before */
  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#timer.cancel();
    return true;
  }
}
