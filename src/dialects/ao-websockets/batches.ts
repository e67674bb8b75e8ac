import { utf8Length } from "../../engine/utf8-length.ts";
import { CarillonError } from "../../errors/carillon-error.ts";
import { maxTimerMs, type Clock, type Timer } from "../../platform/clock.ts";
import { checkExact } from "./event-names.ts";

/** A batch of so many payloads, or of so many bytes, does not wait any longer. */
export const maxBatchItems = 1_000;
export const maxBatchBytes = 1_048_576;

/** Which events are batched, and for how long the first payload waits for others. */
export class BatchedEvents {
  readonly #intervals = new Map<string, number>();

  get names(): readonly string[] {
    return [...this.#intervals.keys()];
  }

  /** @throws {CarillonError} `event-name-invalid`, `option-invalid` */
  add(event: string, intervalMs: number): void {
    checkExact(event);
    if (!Number.isFinite(intervalMs) || intervalMs <= 0 || intervalMs > maxTimerMs) {
      const message = `aoWebsockets: the interval of a batch is more than 0 and at most ${maxTimerMs} milliseconds`;
      throw new CarillonError("option-invalid", { message });
    }
    this.#intervals.set(event, intervalMs);
  }

  /** @returns `undefined` for an event that is not batched */
  intervalOf(event: string): number | undefined {
    return this.#intervals.get(event);
  }
}

/** What waits for one connection, for each event by itself. */
export class ConnectionBatches {
  readonly #clock: Clock;
  readonly #send: (event: string, payloads: readonly string[]) => void;
  /** Most connections never have any. */
  #open: Map<string, OpenBatch> | undefined;

  constructor(clock: Clock, send: (event: string, payloads: readonly string[]) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  add(event: string, payload: string, intervalMs: number): void {
    const size = utf8Length(payload);
    const waiting = this.#open?.get(event);
    if (waiting && waiting.bytes + size > maxBatchBytes) this.#flush(event);
    const batch = this.#open?.get(event) ?? this.#begin(event, intervalMs);
    batch.payloads.push(payload);
    batch.bytes += size;
    if (batch.payloads.length >= maxBatchItems || batch.bytes >= maxBatchBytes) this.#flush(event);
  }

  /** Sends what is there, without waiting any longer. */
  flush(): void {
    for (const event of this.#open?.keys() ?? []) this.#flush(event);
  }

  /** Forgets what is there. */
  drop(): void {
    for (const { timer } of this.#open?.values() ?? []) timer.cancel();
    this.#open = undefined;
  }

  #begin(event: string, intervalMs: number): OpenBatch {
    const timer = this.#clock.after(intervalMs, () => this.#flush(event));
    const batch = { payloads: [], bytes: 0, timer };
    (this.#open ??= new Map()).set(event, batch);
    return batch;
  }

  #flush(event: string): void {
    const batch = this.#open?.get(event);
    if (!batch) return;
    this.#open?.delete(event);
    batch.timer.cancel();
    this.#send(event, batch.payloads);
  }
}

/** What waits of one event. */
interface OpenBatch {
  readonly payloads: string[];
  readonly timer: Timer;
  bytes: number;
}
