import type { Clock, Timer } from "../../../src/platform/clock.ts";
import type { Scheduler } from "./scheduler.ts";

interface Alarm {
  readonly due: number;
  readonly run: () => void;
}

/**
 * One process's time. It begins anywhere, its wall clock jumps, and it stands still while the process is stopped: its timers
 * do, and, on a machine that sleeps, its monotonic time as well.
 */
export class ActorClock implements Clock {
  readonly #scheduler: Scheduler;
  readonly #start: number;
  readonly #alarms = new Set<Alarm>();
  readonly #overdue = new Set<Alarm>();
  readonly #wakeups = new Set<() => void>();
  #wallStart: number;
  /** How long its time has stood still so far. */
  #lag = 0;
  #stopped: { readonly at: number; readonly stands: boolean } | undefined;
  #isDead = false;

  constructor(scheduler: Scheduler, start: number) {
    this.#scheduler = scheduler;
    this.#start = start;
    this.#wallStart = Date.UTC(2026, 0, 1) - start;
  }

  /** How many timers wait. */
  get timers(): number {
    return this.#alarms.size;
  }

  /** Nothing runs in the process now. */
  get isStopped(): boolean {
    return this.#stopped !== undefined || this.#isDead;
  }

  now(): number {
    const world = this.#stopped?.stands ? this.#stopped.at : this.#scheduler.now;
    return this.#start + world - this.#lag;
  }

  wall(): number {
    return this.#wallStart + this.now();
  }

  after(ms: number, run: () => void): Timer {
    const alarm: Alarm = { due: this.now() + ms, run };
    if (!this.#isDead) {
      this.#alarms.add(alarm);
      this.#set(alarm);
    }
    return { cancel: () => void this.#alarms.delete(alarm) };
  }

  /** What people do to a wall clock. */
  setWall(ms: number): void {
    this.#wallStart += ms;
  }

  /** The process is stopped; with `stands`, its machine is. */
  stop(stands: boolean): void {
    this.#stopped ??= { at: this.#scheduler.now, stands };
  }

  goOn(): void {
    if (!this.#stopped) return;
    if (this.#stopped.stands) this.#lag += this.#scheduler.now - this.#stopped.at;
    this.#stopped = undefined;
    for (const alarm of this.#overdue) this.#set(alarm);
    this.#overdue.clear();
    const wakeups = [...this.#wakeups];
    this.#wakeups.clear();
    for (const wake of wakeups) wake();
  }

  /** Calls it once, when the process goes on. */
  whenAwake(run: () => void): void {
    this.#wakeups.add(run);
  }

  /** The process is gone, and none of its timers will ever fire. */
  kill(): void {
    this.#isDead = true;
    this.#alarms.clear();
    this.#overdue.clear();
    this.#wakeups.clear();
  }

  #set(alarm: Alarm): void {
    this.#scheduler.after(alarm.due - this.now(), () => this.#ring(alarm));
  }

  #ring(alarm: Alarm): void {
    if (!this.#alarms.has(alarm)) return;
    if (this.isStopped) this.#overdue.add(alarm);
    else if (this.now() < alarm.due) this.#set(alarm);
    else {
      this.#alarms.delete(alarm);
      alarm.run();
    }
  }
}
