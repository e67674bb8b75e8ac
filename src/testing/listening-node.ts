import { strictEqual } from "node:assert/strict";
import type { Later } from "../engine/later.ts";
import type { Broker, BrokerEvents, Signal } from "../engine/ports/broker.ts";
import type { Position, Publication } from "../engine/publication.ts";
import { comparable } from "./broker-samples.ts";

/** A node, as a broker sees it. Repeats, which a broker may make, are dropped. */
export class ListeningNode implements BrokerEvents {
  readonly broker: Broker;
  readonly publications: Publication[] = [];
  /** What each publication said came before it, by its id. */
  readonly previous: Map<string, Position | undefined> = new Map();
  readonly signals: Signal[] = [];
  readonly #timeoutMs: number;
  readonly #ids = new Set<string>();
  readonly #wakers: (() => void)[] = [];

  constructor(broker: Broker, timeoutMs: number) {
    this.broker = broker;
    this.#timeoutMs = timeoutMs;
  }

  static async start(broker: Broker, timeoutMs: number): Promise<ListeningNode> {
    const node = new ListeningNode(broker, timeoutMs);
    await broker.start(node);
    return node;
  }

  publication(publication: Publication, previous?: Position): void {
    if (this.#ids.has(publication.id)) return;
    this.#ids.add(publication.id);
    this.previous.set(publication.id, previous);
    this.publications.push(publication);
    this.#wake();
  }

  signal(signal: Signal): void {
    if (this.has(signal)) return;
    this.signals.push(signal);
    this.#wake();
  }

  /** A broker may have missed something at any time; nodes read what it was. */
  interrupted(): void {}

  /** Whether it has heard just this signal. */
  has(signal: Signal): boolean {
    const wanted = JSON.stringify(comparable(signal));
    return this.signals.some((heard) => JSON.stringify(comparable(heard)) === wanted);
  }

  /** Waits until it has heard so many publications. More are a failure. */
  async hears(count: number): Promise<readonly Publication[]> {
    await this.#until(
      () => this.publications.length >= count,
      () => `${this.publications.length} of ${count} publications`,
    );
    strictEqual(this.publications.length, count);
    return this.publications;
  }

  async receives(count: number): Promise<void> {
    await this.#until(
      () => this.signals.length >= count,
      () => `${this.signals.length} of ${count} signals`,
    );
    strictEqual(this.signals.length, count);
  }

  /** Asks again and again, until the answer is the one that is waited for. */
  async asks<Answer>(ask: () => Later<Answer>, isIt: (answer: Answer) => boolean): Promise<Answer> {
    const end = performance.now() + this.#timeoutMs;
    for (;;) {
      const answer = await ask();
      if (isIt(answer)) return answer;
      if (performance.now() > end) throw new Error(`still, after ${this.#timeoutMs} ms: ${JSON.stringify(answer)}`);
      await new Promise((resolve) => void setTimeout(resolve, 10));
    }
  }

  #until(isDone: () => boolean, heard: () => string): Promise<void> {
    if (isDone()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`only ${heard()} came in ${this.#timeoutMs} ms`)),
        this.#timeoutMs,
      );
      this.#wakers.push(() => {
        if (!isDone()) return;
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    for (const waker of this.#wakers) waker();
  }
}
