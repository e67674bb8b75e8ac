import { CarillonError } from "../errors/carillon-error.ts";
import type { Timer } from "../platform/clock.ts";
import type { Member, ServerMessage } from "../protocol/messages.ts";
import type { Channel, ChannelState, Publication, PublishOptions } from "./channel.ts";
import { createHandlers } from "./handlers.ts";
import { createMemberList } from "./presence.ts";
import type { AnswerTo, Question } from "./requests.ts";

/** What a subscription needs of the client. */
export interface SubscriptionClient {
  isOpen(): boolean;
  /** @throws {CarillonError} `closed` */
  start(): void;
  ask<Type extends ServerMessage["type"]>(question: Omit<Question<Type>, "timeoutMs">): void;
  /** Runs something after the back-off's delay. */
  retry(waits: number, run: () => void): Timer;
  failed(error: CarillonError): void;
  thrown(error: unknown): void;
}

/**
 * The channel behind {@link Channel}: what the application wishes, held against what the server says.
 *
 * Every wish is sent as it comes, and only the answer to the last one counts.
 */
export interface Subscription extends Channel {
  /** The server put the client in, asked or not. */
  joined(members?: readonly Member[]): void;
  /** The server took the client out without being asked. */
  removed(): void;
  moved(event: "join" | "leave", member: Member): void;
  published(publication: Publication): void;
  /** A new connection knows of no subscription. */
  reopened(): void;
  /**
   * The connection is gone; with an error, for good. A wish that was never fulfilled is not kept then, because its
   * caller is told.
   */
  lost(error?: CarillonError): void;
}

export function createSubscription(name: string, client: SubscriptionClient): Subscription {
  const handlers = createHandlers();
  const presence = createMemberList(client.thrown);
  const waiters = new Set<(error?: CarillonError) => void>();
  let kind: ChannelState["kind"] = "unsubscribed";
  let isWished = false;
  /** The wish was fulfilled once, so it outlives the connection. */
  let isConfirmed = false;
  /** Grows with every question, so that answers to earlier ones are seen to be stale. */
  let question = 0;
  let isJoining = false;
  let waits = 0;
  let retry: Timer | undefined;

  const supersede = (): number => {
    retry?.cancel();
    isJoining = false;
    return ++question;
  };
  const settle = (error?: CarillonError): void => {
    for (const waiter of waiters) waiter(error);
    waiters.clear();
  };
  const forget = (error: CarillonError): void => {
    supersede();
    isWished = isConfirmed = false;
    kind = "unsubscribed";
    settle(error);
    presence.clear();
  };
  const joined = (members?: readonly Member[]): void => {
    kind = "subscribed";
    isConfirmed = isWished;
    waits = 0;
    retry?.cancel();
    settle();
    presence.replace(members);
  };

  /** Whatever was asked before, only the answer to this counts. */
  const ask = <Type extends "subscribe" | "unsubscribe">(
    type: Type,
    resolve: (answer: AnswerTo<`${Type}d`>, isLast: boolean) => void,
    reject: (error: CarillonError, isLast: boolean) => void,
  ): void => {
    const asked = supersede();
    client.ask<`${Type}d`>({
      answer: `${type}d`,
      message: (ref) => ({ type, ref, channel: name }),
      resolve: (answer) => resolve(answer, asked === question),
      reject: (error) => reject(error, asked === question),
    });
  };
  const join = (): void => {
    ask(
      "subscribe",
      ({ members }, isLast) => {
        if (isLast) joined(members);
      },
      (error, isLast) => {
        if (isLast) refused(error);
      },
    );
    isJoining = true;
  };
  const leave = (resolve: () => void, reject: (error: CarillonError) => void): void =>
    ask(
      "unsubscribe",
      (_, isLast) => {
        // The server may have put the client in again before it read this.
        if (isLast && !isWished) forget(new CarillonError("closed"));
        resolve();
      },
      // A lost connection has no subscriptions, so the wish is fulfilled.
      (error) => (error.code === "connection-closed" ? resolve() : reject(error)),
    );
  const refused = (error: CarillonError): void => {
    isJoining = false;
    // The server had subscribed the client by itself.
    if (error.code === "already-subscribed") return joined();
    // It may have been carried out all the same.
    if (error.code === "timeout") leave(ignore, ignore);
    if (!isConfirmed) return forget(error);
    if (error.temporary) retry = client.retry(waits++, join);
    else forget(error);
    client.failed(error);
  };

  return {
    name,
    presence,
    get state() {
      return { kind };
    },
    on: handlers.on,
    async subscribe() {
      client.start();
      if (kind === "subscribed") {
        isWished = isConfirmed = true;
        return;
      }
      const done = new Promise<void>((resolve, reject) => {
        waiters.add((error) => (error ? reject(error) : resolve()));
      });
      if (!isWished) {
        isWished = true;
        kind = "subscribing";
        if (client.isOpen()) join();
      }
      return done;
    },
    async unsubscribe() {
      const wasHere = kind !== "unsubscribed";
      forget(new CarillonError("aborted", { message: "unsubscribed meanwhile" }));
      if (wasHere && client.isOpen()) await new Promise<void>(leave);
    },
    publish: (event: string, data?: unknown, { echo }: PublishOptions = {}) =>
      new Promise((resolve, reject) => {
        client.start();
        client.ask({
          answer: "published",
          message: (ref) => ({ type: "publish", ref, channel: name, event, data, ...(echo === false && { echo }) }),
          resolve: ({ id }) => resolve({ id }),
          reject,
        });
      }),
    joined,
    removed() {
      // What the application asked since then is still to be answered, and that is what counts.
      if (!isJoining) forget(new CarillonError("closed", { message: "the server ended the subscription" }));
    },
    moved(event, member) {
      if (kind === "subscribed") presence[event](member);
    },
    published(publication) {
      if (kind === "subscribed") handlers.call(publication.event, [publication.data, publication], client.thrown);
    },
    reopened() {
      if (isWished) join();
    },
    lost(error) {
      supersede();
      if (!isWished || (error && !isConfirmed)) return forget(error ?? new CarillonError("closed"));
      kind = "subscribing";
      if (error) settle(error);
    },
  };
}

function ignore(): void {}
