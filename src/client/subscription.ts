import { CarillonError } from "../errors/carillon-error.ts";
import type { Timer } from "../platform/clock.ts";
import type { ClientMessage, Member, PublicationMessage, ServerMessage } from "../protocol/messages.ts";
import type { Channel, ChannelState, Publication, PublishOptions } from "./channel.ts";
import { Handlers } from "./handlers.ts";
import { PresenceList } from "./presence.ts";
import type { AnswerTo } from "./requests.ts";

/** What a subscription needs of the client. */
export interface SubscriptionClient {
  readonly isOpen: boolean;
  /** @throws {CarillonError} `closed` */
  start(): void;
  ask<Type extends ServerMessage["type"]>(
    answer: Type,
    message: (ref: number) => ClientMessage,
    resolve: (answer: AnswerTo<Type>) => void,
    reject: (error: CarillonError) => void,
  ): void;
  /** Runs something after the back-off's delay. */
  retry(waits: number, run: () => void): Timer;
  failed(error: CarillonError): void;
  thrown(error: unknown): void;
}

interface Waiter {
  resolve(): void;
  reject(error: CarillonError): void;
}

/**
 * The channel behind {@link Channel}: what the application wishes, held against what the server says.
 *
 * Every wish is sent as it comes, and only the answer to the last one counts.
 */
export class Subscription implements Channel {
  readonly name: string;
  readonly presence: PresenceList;
  readonly #client: SubscriptionClient;
  readonly #handlers = new Handlers();
  readonly #waiters = new Set<Waiter>();
  #state: ChannelState = { kind: "unsubscribed" };
  #isWished = false;
  /** The wish was fulfilled once, so losing it needs no consent. */
  #isConfirmed = false;
  /** Grows with every question, so that answers to earlier ones are seen to be stale. */
  #question = 0;
  #isAsking = false;
  #waits = 0;
  #retry: Timer | undefined;

  constructor(name: string, client: SubscriptionClient) {
    this.name = name;
    this.#client = client;
    this.presence = new PresenceList((error) => client.thrown(error));
  }

  get state(): ChannelState {
    return this.#state;
  }

  async subscribe(): Promise<void> {
    this.#client.start();
    if (this.#state.kind === "subscribed") {
      this.#isWished = this.#isConfirmed = true;
      return;
    }
    return new Promise((resolve, reject) => {
      this.#waiters.add({ resolve, reject });
      if (this.#isWished) return;
      this.#isWished = true;
      this.#state = { kind: "subscribing" };
      if (this.#client.isOpen) this.#ask();
    });
  }

  async unsubscribe(): Promise<void> {
    const wasHere = this.#state.kind !== "unsubscribed";
    this.#forget(new CarillonError("aborted", { message: "unsubscribed before the server had answered" }));
    if (wasHere && this.#client.isOpen) await new Promise<void>((resolve, reject) => this.#leave(resolve, reject));
  }

  on(event: string, handler: (...parameters: never[]) => unknown): () => void {
    return this.#handlers.on(event, handler);
  }

  publish(event: string, data?: unknown, options: PublishOptions = {}): Promise<{ readonly id: string }> {
    return new Promise((resolve, reject) => {
      this.#client.start();
      const message = { type: "publish", channel: this.name, event, data } as const;
      const echo = options.echo === false && { echo: false };
      this.#client.ask("published", (ref) => ({ ...message, ref, ...echo }), ({ id }) => resolve({ id }), reject);
    });
  }

  /** The server put the client in, asked or not. */
  joined(members: readonly Member[] | undefined): void {
    this.#state = { kind: "subscribed" };
    this.#isConfirmed = this.#isWished;
    this.#waits = 0;
    this.#retry?.cancel();
    this.#settle((waiter) => waiter.resolve());
    this.presence.replace(members);
  }

  /** The server took the client out without being asked. */
  removed(): void {
    // What the application asked since then is still to be answered, and that is what counts.
    if (!this.#isAsking) this.#forget(new CarillonError("closed", { message: "the server ended the subscription" }));
  }

  published(message: PublicationMessage): void {
    const { channel, event, data, id, time, from } = message;
    this.#deliver({ channel, event, data, id, time, ...(from && { from }) });
  }

  publishedAll(event: string, items: readonly unknown[]): void {
    for (const data of items) this.#deliver({ channel: this.name, event, data });
  }

  /** A new connection knows of no subscription. */
  reopened(): void {
    if (this.#isWished) this.#ask();
  }

  lost(): void {
    this.#supersede();
    if (this.#isWished) this.#state = { kind: "subscribing" };
    else this.#forget(new CarillonError("closed"));
  }

  /** There will be no connection for now. A wish that was never fulfilled is not kept, because its caller is told. */
  closed(error: CarillonError): void {
    this.lost();
    if (this.#isConfirmed) this.#settle((waiter) => waiter.reject(error));
    else this.#forget(error);
  }

  #ask(): void {
    const question = this.#supersede();
    this.#isAsking = true;
    const message = (ref: number): ClientMessage => ({ type: "subscribe", ref, channel: this.name });
    this.#client.ask(
      "subscribed",
      message,
      ({ members }) => {
        if (question !== this.#question) return;
        this.#isAsking = false;
        this.joined(members);
      },
      (error) => {
        if (question === this.#question) this.#refused(error);
      },
    );
  }

  #refused(error: CarillonError): void {
    this.#isAsking = false;
    // The server had subscribed the client by itself.
    if (error.code === "already-subscribed") return this.joined(undefined);
    // It may have been carried out all the same.
    if (error.code === "timeout" && this.#client.isOpen) this.#leave(ignore, ignore);
    if (!this.#isConfirmed) return this.#forget(error);
    if (error.temporary) this.#retry = this.#client.retry(this.#waits++, () => this.#ask());
    else this.#forget(error);
    this.#client.failed(error);
  }

  #leave(resolve: () => void, reject: (error: CarillonError) => void): void {
    const question = this.#supersede();
    const message = (ref: number): ClientMessage => ({ type: "unsubscribe", ref, channel: this.name });
    this.#client.ask(
      "unsubscribed",
      message,
      () => {
        // The server may have put the client in again before it read this.
        if (question === this.#question && !this.#isWished) this.#forget(new CarillonError("closed"));
        resolve();
      },
      // A lost connection has no subscriptions, so the wish is fulfilled.
      (error) => (error.code === "connection-closed" ? resolve() : reject(error)),
    );
  }

  #forget(error: CarillonError): void {
    this.#supersede();
    this.#isWished = this.#isConfirmed = false;
    this.#state = { kind: "unsubscribed" };
    this.#settle((waiter) => waiter.reject(error));
    this.presence.clear();
  }

  #supersede(): number {
    this.#retry?.cancel();
    this.#isAsking = false;
    return ++this.#question;
  }

  #settle(settle: (waiter: Waiter) => void): void {
    for (const waiter of this.#waiters) settle(waiter);
    this.#waiters.clear();
  }

  #deliver(publication: Publication): void {
    if (this.#state.kind !== "subscribed") return;
    this.#handlers.call(publication.event, [publication.data, publication], (error) => this.#client.thrown(error));
  }
}

function ignore(): void {}
