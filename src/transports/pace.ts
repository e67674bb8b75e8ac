import type { Clock, Timer } from "../platform/clock.ts";

/** How fast one client may send: so many messages at once, and so many in each second from then on. */
export interface MessageRate {
  readonly perSecond: number;
  readonly burst: number;
  /** Told whenever a client has used it up, and has to wait. */
  usedUp?(): void;
}

/** Still in turns with the others. */
export const unpaced: MessageRate = { perSecond: Infinity, burst: Infinity };

/** Whose messages have a pace. */
export interface Paced {
  /** What had to wait may be tried again; called in a turn of its own. */
  paced(): void;
}

/** So many messages of one client are handled in one turn of the event loop; then it is the others' turn. */
export const messagesPerTurn = 64;

/** Those who have to wait for their budget are let on so many times in a second, or less often. */
const stepsPerSecond = 20;

/**
 * Says which messages of one client may be handled now.
 *
 * The budget is handed out for one turn at a time, so that a message costs no more than a counter, and the clock is read once
 * in 64 messages.
 */
export class Pace {
  readonly #clock: Clock;
  readonly #rate: MessageRate;
  readonly #owner: Paced;
  #tokens: number;
  #at: number;
  /** Of this turn. */
  #left = 0;
  #isTurnOver = false;
  #isWanted = false;
  #isEnded = false;
  #timer: Timer | undefined;

  constructor(clock: Clock, rate: MessageRate, owner: Paced) {
    this.#clock = clock;
    this.#rate = rate;
    this.#owner = owner;
    this.#tokens = rate.burst;
    this.#at = clock.now();
    this.#grant();
  }

  /** @returns `false`: not now; the owner hears when */
  take(): boolean {
    if (this.#left === 0 && !this.#mayGoOn()) return false;
    this.#left -= 1;
    if (this.#left === 0) this.#endTurn();
    return true;
  }

  /** The owner is called no more. */
  end(): void {
    this.#isEnded = true;
    this.#timer?.cancel();
  }

  #mayGoOn(): boolean {
    if (!this.#isTurnOver && !this.#timer && !this.#isEnded) {
      this.#grant();
      if (this.#left > 0) return true;
      this.#await();
    }
    this.#isWanted = true;
    return false;
  }

  #endTurn(): void {
    this.#isTurnOver = true;
    setImmediate(() => {
      this.#isTurnOver = false;
      this.#goOn();
    });
  }

  #await(): void {
    const { perSecond, burst } = this.#rate;
    this.#rate.usedUp?.();
    const wanted = Math.max(1, Math.min(perSecond / stepsPerSecond, messagesPerTurn, burst));
    this.#timer = this.#clock.after(((wanted - this.#tokens) / perSecond) * 1_000, () => {
      this.#timer = undefined;
      this.#goOn();
    });
  }

  #goOn(): void {
    if (this.#isEnded) return;
    this.#grant();
    if (!this.#isWanted) return;
    if (this.#left === 0) {
      this.#await();
      return;
    }
    this.#isWanted = false;
    this.#owner.paced();
  }

  #grant(): void {
    const { perSecond, burst } = this.#rate;
    const now = this.#clock.now();
    // Zero times an infinite rate would be no number.
    if (now > this.#at) this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1_000) * perSecond);
    this.#at = now;
    this.#left = Math.min(messagesPerTurn, Math.floor(this.#tokens));
    this.#tokens -= this.#left;
  }
}
