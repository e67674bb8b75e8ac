import { CarillonError } from "../errors/carillon-error.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import { isPending, rejecting, type Later } from "./later.ts";
import type { Accepted, Broker, BrokerEvents, HistoryPage, HistoryRange, Keep, Signal } from "./ports/broker.ts";
import type { Publication } from "./publication.ts";

/**
 * A broker of which nothing is waited for longer than `ms`: one that hangs fails, as one that is gone does.
 *
 * What was asked of it may happen all the same, so a publication that failed like this can be repeated with its id. Starting
 * and closing take as long as they take.
 */
export class TimelyBroker implements Broker {
  readonly #broker: Broker;
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #deadlines = new Set<Timer>();

  constructor(broker: Broker, clock: Clock, ms: number) {
    this.#broker = broker;
    this.#clock = clock;
    this.#ms = ms;
  }

  start(events: BrokerEvents): Promise<void> {
    return rejecting(() => this.#broker.start(events));
  }

  subscribe(channel: string): Later<void> {
    // The next subscriber asks afresh; until then the broker must not send what nobody hears.
    return this.#inTime(this.#broker.subscribe(channel), () => this.#takeBack(channel));
  }

  unsubscribe(channel: string): Later<void> {
    return this.#inTime(this.#broker.unsubscribe(channel));
  }

  publish(publication: Publication, keep?: Keep): Later<Accepted> {
    return this.#inTime(this.#broker.publish(publication, keep));
  }

  read(channel: string, range: HistoryRange): Later<HistoryPage> {
    return this.#inTime(this.#broker.read(channel, range));
  }

  state(channel: string): Later<readonly Publication[]> {
    return this.#inTime(this.#broker.state(channel));
  }

  clearState(channel: string): Later<void> {
    return this.#inTime(this.#broker.clearState(channel));
  }

  signal(signal: Signal): Later<void> {
    return this.#inTime(this.#broker.signal(signal));
  }

  close(): Promise<void> {
    for (const deadline of this.#deadlines) deadline.cancel();
    this.#deadlines.clear();
    return rejecting(() => this.#broker.close());
  }

  #inTime<Result>(answer: Later<Result>, tooLate?: () => void): Later<Result> {
    if (!isPending(answer)) return answer;
    return new Promise((resolve, reject) => {
      const deadline = this.#clock.after(this.#ms, () => {
        this.#deadlines.delete(deadline);
        tooLate?.();
        reject(new CarillonError("broker-unavailable", { message: `the broker did not answer within ${this.#ms} ms` }));
      });
      this.#deadlines.add(deadline);
      answer.then(resolve, reject).finally(() => {
        deadline.cancel();
        this.#deadlines.delete(deadline);
      });
    });
  }

  /** It takes effect after the subscription that is still on its way. */
  #takeBack(channel: string): void {
    try {
      const result = this.#broker.unsubscribe(channel);
      if (isPending(result)) result.catch(() => undefined);
    } catch {
      // The failure that led here is told already.
    }
  }
}
