import type { Frame } from "../../engine/ports/wire.ts";
import type { Clock, Timer } from "../../platform/clock.ts";
import { Pace, type MessageRate, type Paced } from "../pace.ts";

/** What became of a frame: received, superseded by the same one or given up, or too late because the link is closed. */
export type Receipt = "received" | "conflict" | "closed";

/** What an inbox is made of. */
export interface InboxParts {
  readonly clock: Clock;
  /** What may wait, in bytes. */
  readonly maxBytes: number;
  readonly rate: MessageRate;
  readonly receive: (frame: Frame) => void;
}

interface Waiting {
  readonly frame: Frame;
  readonly settle: (receipt: Receipt) => void;
}

/** Frames this far ahead of the one that is due may wait for it. */
const windowFrames = 64;

/** Frames that may wait while nothing is missing, because they come too fast or nobody takes them. */
const heldFrames = 1_024;

/** How long they wait. */
const gapTimeoutMs = 5_000;

/**
 * Puts numbered frames into their order, each once.
 *
 * Requests overtake one another on their connections, and are repeated when an answer was lost.
 */
export class Inbox implements Paced {
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #receive: (frame: Frame) => void;
  readonly #pace: Pace;
  readonly #waiting = new Map<number, Waiting>();
  #waitingBytes = 0;
  #due = 1;
  #isPaused = false;
  #isRunning = false;
  #isEnded = false;
  #gapTimer: Timer | undefined;
  /** What is missing; `undefined` when nothing is. */
  #gapAt: number | undefined;

  constructor({ clock, maxBytes, rate, receive }: InboxParts) {
    this.#clock = clock;
    this.#maxBytes = maxBytes;
    this.#receive = receive;
    this.#pace = new Pace(clock, rate, this);
  }

  /** Takes the frame with this number, from 1 on; `settle` is called once, now or later. */
  take(number: number, frame: Frame, settle: (receipt: Receipt) => void): void {
    if (number < this.#due) settle("received");
    else if (this.#isEnded) settle("closed");
    else if (number > this.#due + this.#window()) settle("conflict");
    else this.#keep(number, { frame, settle });
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    // Later, because whoever resumes may be in the middle of something.
    queueMicrotask(() => this.#run());
  }

  paced(): void {
    this.#run();
  }

  /** Nothing is received any more. */
  end(): void {
    this.#isEnded = true;
    this.#pace.end();
    this.#giveUp("closed");
  }

  #window(): number {
    return this.#waiting.has(this.#due) ? heldFrames : windowFrames;
  }

  #keep(number: number, waiting: Waiting): void {
    this.#remove(number)?.settle("conflict");
    // The one that is due is always taken, however much waits: nothing else gets on without it.
    if (number !== this.#due && this.#waitingBytes + waiting.frame.length > this.#maxBytes) {
      waiting.settle("conflict");
      return;
    }
    this.#waiting.set(number, waiting);
    this.#waitingBytes += waiting.frame.length;
    this.#run();
  }

  #run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (!this.#isPaused && !this.#isEnded && this.#waiting.has(this.#due) && this.#pace.take()) {
      const next = this.#remove(this.#due)!;
      this.#due += 1;
      this.#receive(next.frame);
      next.settle("received");
    }
    this.#isRunning = false;
    this.#watchGap();
  }

  #remove(number: number): Waiting | undefined {
    const waiting = this.#waiting.get(number);
    if (!waiting) return undefined;
    this.#waiting.delete(number);
    this.#waitingBytes -= waiting.frame.length;
    return waiting;
  }

  /** A gap has its time from the moment it was seen; what comes behind it later does not prolong it. */
  #watchGap(): void {
    const isGap = this.#waiting.size > 0 && !this.#waiting.has(this.#due);
    if (isGap && this.#gapAt === this.#due) return;
    this.#gapTimer?.cancel();
    this.#gapAt = isGap ? this.#due : undefined;
    if (isGap) this.#gapTimer = this.#clock.after(gapTimeoutMs, () => this.#giveUp("conflict"));
  }

  #giveUp(receipt: Receipt): void {
    this.#gapTimer?.cancel();
    this.#gapAt = undefined;
    for (const number of [...this.#waiting.keys()]) this.#remove(number)!.settle(receipt);
  }
}
