import { strictEqual } from "node:assert/strict";
import type { Broker, BrokerEvents, Signal } from "../engine/ports/broker.ts";
import type { Publication } from "../engine/publication.ts";
import { comparable } from "./broker-samples.ts";

/** A node, as a broker sees it. Repeats, which a broker may make, are dropped. */
export class ListeningNode implements BrokerEvents {
  readonly broker: Broker;
  readonly publications: Publication[] = [];
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

  publication(publication: Publication): void {
    if (this.#ids.has(publication.id)) return;
    this.#ids.add(publication.id);
    this.publications.push(publication);
    this.#wake();
  }

  signal(signal: Signal): void {
    if (this.has(signal)) return;
    this.signals.push(signal);
    this.#wake();
  }

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
