import type { ActorClock } from "./actor-clock.ts";
import type { SeededRandom } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

/** How a network behaves between faults. */
export interface Weather {
  /** The mean time that something takes. */
  delayMs: number;
}

interface Parcel {
  readonly bytes: number;
  readonly deliver: () => void;
}

/** What a lane is made of. */
export interface LaneParts {
  readonly scheduler: Scheduler;
  readonly random: SeededRandom;
  readonly weather: Weather;
  /** The process at its end: what arrives while that is stopped waits. */
  readonly receiver: ActorClock;
}

/** So few bytes that wait are as good as none. */
const fewBytes = 512;

/** One direction of a pipe: in order, slow, stuck or dead, as the network likes. */
export class Lane {
  readonly #parts: LaneParts;
  #underway: Parcel[] = [];
  /** What has arrived and was not taken yet. */
  #arrived: Parcel[] = [];
  #lastArrival = 0;
  #stuckUntil = 0;
  #bytesPerMs = Infinity;
  #isHeld = false;
  #drained: (() => void)[] = [];
  isDead = false;
  /** Bytes that were sent and not taken. */
  bytes = 0;

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  send(bytes: number, deliver: () => void): void {
    this.bytes += bytes;
    if (this.isDead) return;
    const { scheduler, random, weather } = this.#parts;
    this.#underway.push({ bytes, deliver });
    const earliest = Math.max(this.#lastArrival, this.#stuckUntil, scheduler.now + random.time(weather.delayMs));
    this.#lastArrival = earliest + bytes / this.#bytesPerMs;
    const delayMs = this.#lastArrival - scheduler.now;
    scheduler.after(delayMs, () => this.#arrive());
  }

  /** Calls it in a later turn, when little waits. */
  whenDrained(run: () => void): void {
    this.#drained.push(run);
    this.#tellDrained();
  }

  /** Nothing arrives for so long; then everything does. */
  stick(ms: number): void {
    this.#stuckUntil = Math.max(this.#stuckUntil, this.#parts.scheduler.now + ms);
  }

  /** The receiver reads so slowly from now on. */
  slowDown(bytesPerMs: number): void {
    this.#bytesPerMs = bytesPerMs;
  }

  /** The receiver reads as fast as it can again. */
  speedUp(): void {
    const { scheduler } = this.#parts;
    this.#bytesPerMs = Infinity;
    this.#lastArrival = scheduler.now;
    for (let waiting = this.#underway.length; waiting > 0; waiting -= 1) scheduler.after(0, () => this.#arrive());
  }

  /** The receiver takes nothing. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    if (this.#arrived.length > 0) this.#parts.scheduler.after(0, () => this.#take());
  }

  /** Nothing is delivered any more; with `keepsUnderway`, what was sent before still is. */
  die(keepsUnderway = false): void {
    this.isDead = true;
    this.#drained = [];
    if (keepsUnderway) return;
    this.#underway = [];
    this.#arrived = [];
  }

  #arrive(): void {
    const parcel = this.#underway[0];
    if (!parcel) return;
    const { scheduler } = this.#parts;
    if (scheduler.now < this.#stuckUntil) {
      scheduler.after(this.#stuckUntil - scheduler.now, () => this.#arrive());
      return;
    }
    this.#underway.shift();
    this.#arrived.push(parcel);
    this.#take();
  }

  #take(): void {
    const { receiver } = this.#parts;
    while (this.#arrived.length > 0 && !this.#isHeld) {
      if (receiver.isStopped) {
        receiver.whenAwake(() => this.release());
        return;
      }
      const parcel = this.#arrived.shift()!;
      this.bytes -= parcel.bytes;
      parcel.deliver();
    }
    this.#tellDrained();
  }

  #tellDrained(): void {
    if (this.isDead || this.#drained.length === 0 || this.bytes > fewBytes) return;
    const { scheduler } = this.#parts;
    for (const run of this.#drained.splice(0)) {
      scheduler.after(0, () => {
        if (!this.isDead) run();
      });
    }
  }
}
