import { checkNumber } from "../engine/check-number.ts";
import type { Clock, Timer } from "../platform/clock.ts";

/** How an event is batched. */
export interface BatchOptions {
  /** The first payload waits this long for others, in milliseconds. */
  readonly everyMs: number;
  /**
   * A batch with so many payloads does not wait any longer.
   *
   * @default 1_000
   */
  readonly maxItems?: number;
}

interface Open<Result> {
  readonly items: unknown[];
  readonly timer: Timer;
  readonly sent: Promise<Result>;
  readonly finish: (result: Promise<Result>) => void;
}

/** Sends what has come together; `undefined` as the channel means everyone. */
export type SendBatch<Result> = (
  event: string,
  channel: string | undefined,
  items: readonly unknown[],
) => Promise<Result>;

/** Collects payloads of the events that were declared, for each channel by itself and for everyone. */
export class Batches<Result> {
  readonly #declared = new Map<string, Required<BatchOptions>>();
  readonly #open = new Map<string, Map<string | undefined, Open<Result>>>();
  readonly #clock: Clock;
  readonly #send: SendBatch<Result>;

  constructor(clock: Clock, send: SendBatch<Result>) {
    this.#clock = clock;
    this.#send = send;
  }

  /** @throws {CarillonError} `option-invalid` */
  declare(event: string, { everyMs, maxItems = 1_000 }: BatchOptions): void {
    for (const [name, value] of Object.entries({ everyMs, maxItems })) checkNumber("batch", name, value, 1);
    this.#declared.set(event, { everyMs, maxItems });
  }

  has(event: string): boolean {
    return this.#declared.has(event);
  }

  /** @returns what sending the batch gave, once it is sent. */
  add(event: string, channel: string | undefined, item: unknown): Promise<Result> {
    const { everyMs, maxItems } = this.#declared.get(event)!;
    let channels = this.#open.get(event);
    if (!channels) this.#open.set(event, (channels = new Map()));
    let open = channels.get(channel);
    if (!open) channels.set(channel, (open = this.#begin(event, channel, everyMs)));
    open.items.push(item);
    if (open.items.length >= maxItems) this.#flush(event, channel);
    return open.sent;
  }

  /** Sends what is there, without waiting any longer. */
  flushAll(): void {
    for (const [event, channels] of this.#open) for (const channel of channels.keys()) this.#flush(event, channel);
  }

  #begin(event: string, channel: string | undefined, everyMs: number): Open<Result> {
    const timer = this.#clock.after(everyMs, () => this.#flush(event, channel));
    const { promise: sent, resolve: finish } = Promise.withResolvers<Result>();
    return { items: [], timer, sent, finish };
  }

  #flush(event: string, channel: string | undefined): void {
    const channels = this.#open.get(event);
    const open = channels?.get(channel);
    if (!channels || !open) return;
    channels.delete(channel);
    open.timer.cancel();
    open.finish(this.#send(event, channel, open.items));
  }
}
