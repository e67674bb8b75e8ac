import type { Frame } from "../../engine/ports/wire.ts";
import type { Clock } from "../../platform/clock.ts";
import { messagesPerTurn, Pace, type MessageRate, type Paced } from "../pace.ts";

/** Where frames come from; pausing it stops what has not been read yet. */
export interface Source {
  pause(): void;
  resume(): void;
}

/** What an intake is made of. */
export interface IntakeParts {
  readonly clock: Clock;
  readonly rate: MessageRate;
  readonly source: Source;
  readonly receive: (frame: Frame) => void;
  /** More came after the source was paused than one read can hold. */
  readonly flooded: () => void;
}

/** One read of a socket is at most 64 KiB, which is less than so many frames. */
const maxKeptFrames = 16_384;

/** And so many bytes, unless they were compressed. */
const maxKeptBytes = 1_048_576;

/**
 * Hands frames on no faster than their client may send.
 *
 * What has been read already is kept in its order, the source is paused meanwhile, and the client waits; nothing is lost.
 */
export class Intake implements Paced {
  readonly #source: Source;
  readonly #receive: (frame: Frame) => void;
  readonly #flooded: () => void;
  readonly #pace: Pace;
  #kept: Frame[] = [];
  #keptBytes = 0;
  /** Of `#kept`. */
  #next = 0;
  #isPaused = false;
  #isHeld = false;
  #isEnded = false;

  constructor({ clock, rate, source, receive, flooded }: IntakeParts) {
    this.#source = source;
    this.#receive = receive;
    this.#flooded = flooded;
    this.#pace = new Pace(clock, rate, this);
  }

  take(frame: Frame): void {
    if (this.#isEnded) return;
    if (this.#kept.length === 0 && this.#pace.take()) this.#receive(frame);
    else this.#keep(frame);
  }

  pause(): void {
    this.#isPaused = true;
    this.#source.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    // Later, because whoever resumes may be in the middle of something.
    if (this.#isHeld) queueMicrotask(() => this.paced());
    else this.#source.resume();
  }

  paced(): void {
    if (this.#isEnded) return;
    while (this.#next < this.#kept.length && !this.#isPaused && this.#pace.take()) this.#handOn();
    this.#kept.splice(0, this.#next);
    this.#next = 0;
    if (this.#kept.length > 0 || !this.#isHeld || this.#isEnded) return;
    this.#isHeld = false;
    if (!this.#isPaused) this.#source.resume();
  }

  /** The source has ended by itself: hands on what was read, still in turns, and then calls `done`. */
  finish(done: () => void): void {
    this.#pace.end();
    for (let count = 0; count < messagesPerTurn && this.#next < this.#kept.length; count += 1) this.#handOn();
    if (this.#next < this.#kept.length) {
      setImmediate(() => this.finish(done));
      return;
    }
    this.end();
    done();
  }

  /** Hands nothing on any more. */
  end(): void {
    this.#isEnded = true;
    this.#pace.end();
    this.#kept = [];
    this.#next = 0;
  }

  #keep(frame: Frame): void {
    if (this.#kept.length >= maxKeptFrames || this.#keptBytes >= maxKeptBytes) {
      this.#flooded();
      return;
    }
    this.#kept.push(frame);
    this.#keptBytes += frame.length;
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.#source.pause();
  }

  #handOn(): void {
    const frame = this.#kept[this.#next]!;
    this.#next += 1;
    this.#keptBytes -= frame.length;
    this.#receive(frame);
  }
}
