import { CarillonError } from "../errors/carillon-error.ts";
import type { Timer } from "../platform/clock.ts";
import type { Member, ServerMessage } from "../protocol/messages.ts";
import type { Channel, ChannelState, Publication, PublishOptions } from "./channel.ts";
import type { Connecting } from "./connecting.ts";
import { createHandlers } from "./handlers.ts";
import type { Settings } from "./options.ts";
import type { Outbox } from "./outbox.ts";
import { createMemberList } from "./presence.ts";
import { retryDelay } from "./reconnect.ts";
import type { Asking, Requests } from "./requests.ts";

/** What a subscription needs of the client. */
export interface SubscriptionClient {
  readonly settings: Settings;
  readonly connecting: Connecting;
  readonly outbox: Outbox;
  readonly requests: Requests;
  failed(error: CarillonError): void;
  thrown(error: unknown): void;
}

/** The channel behind {@link Channel}: what the application wishes, held against what the server says. */
export interface Subscription extends Channel {
  /** Takes a message about the channel that answers nothing. */
  read(message: ServerMessage): void;
  /** A new connection knows of no subscription. */
  reopened(): void;
  /**
   * The connection is gone; with an error, for good. A wish that somebody still waits for is not kept then, because its
   * caller is told.
   */
  lost(error?: CarillonError): void;
}

export function createSubscription(name: string, client: SubscriptionClient): Subscription {
  const { settings, connecting, outbox, requests, failed, thrown } = client;
  const handlers = createHandlers();
  const presence = createMemberList(thrown);
  const waiters = new Set<(error?: CarillonError) => void>();
  let kind: ChannelState["kind"] = "unsubscribed";
  let isWished = false;
  /** The question whose answer counts; answers to earlier ones are stale. */
  let joining: object | undefined;
  let waits = 0;
  let retry: Timer | undefined;

  const settle = (error?: CarillonError): void => {
    for (const waiter of waiters) waiter(error);
    waiters.clear();
  };
  const calm = (): void => {
    joining = undefined;
    retry?.cancel();
  };
  const forget = (error = new CarillonError("closed")): void => {
    calm();
    isWished = false;
    kind = "unsubscribed";
    settle(error);
    presence.clear();
  };
  const joined = (members?: readonly Member[]): void => {
    retry?.cancel();
    waits = 0;
    kind = "subscribed";
    settle();
    presence.replace(members);
  };

  const join = (): void => {
    calm();
    const question = (joining = {});
    const answered = (act: () => void): void => {
      if (joining !== question) return;
      joining = undefined;
      act();
    };
    requests.ask({
      message: { type: "subscribe", channel: name },
      resolve: ({ members }) => answered(() => joined(members)),
      reject: (error) => answered(() => refused(error)),
    });
  };
  const refused = (error: CarillonError): void => {
    // The server had subscribed the client by itself.
    if (error.code === "already-subscribed") return joined();
    // It may have been carried out all the same.
    if (error.code === "timeout") leave(ignore, ignore);
    const isAwaited = waiters.size > 0;
    if (isAwaited || !error.temporary) forget(error);
    else retry = settings.clock.after(retryDelay(waits++, settings.reconnect, settings.random), join);
    if (!isAwaited) failed(error);
  };
  const leave = (resolve: () => void, reject: (error: CarillonError) => void): void =>
    requests.ask({
      message: { type: "unsubscribe", channel: name },
      resolve() {
        // The server may have put the client in again before it read this.
        if (!isWished) forget();
        resolve();
      },
      // A lost connection has no subscriptions, so the wish is fulfilled.
      reject: (error) => (error.code === "connection-closed" ? resolve() : reject(error)),
    });
  const deliver = (publication: Publication): void =>
    void handlers.call(publication.event, [publication.data, publication], thrown);

  return {
    name,
    presence,
    get state() {
      return { kind };
    },
    on: handlers.on,
    subscribe: () =>
      new Promise((resolve, reject) => {
        connecting.start();
        const wasWished = isWished;
        isWished = true;
        if (kind === "subscribed") return resolve();
        waiters.add((error) => (error ? reject(error) : resolve()));
        if (wasWished) return;
        kind = "subscribing";
        if (outbox.wire()) join();
      }),
    async unsubscribe() {
      const wasHere = kind !== "unsubscribed";
      forget(new CarillonError("aborted"));
      if (wasHere && outbox.wire()) await new Promise<void>(leave);
    },
    publish: (event: string, data?: unknown, { echo }: PublishOptions = {}) =>
      new Promise((resolve, reject) => {
        requests.ask({
          message: { type: "publish", channel: name, event, data, echo } as Asking,
          resolve: ({ id }) => resolve({ id: id! }),
          reject,
        });
      }),
    read(message) {
      const { type } = message;
      if (type === "subscribed") joined(message.members);
      // When the application has asked anew since then, the answer to that is what counts.
      if (type === "unsubscribed" && !joining) forget();
      // Nothing of a channel comes before its `subscribed`, and nothing after the application has left.
      if (kind !== "subscribed") return;
      if (type === "publication") deliver(message as Publication);
      else if (type === "join" || type === "leave") presence[type](message.member);
      else if (type === "batch")
        for (const data of message.items) deliver({ channel: name, event: message.event, data });
    },
    reopened() {
      if (isWished) join();
    },
    lost(error) {
      calm();
      if (!isWished || (error && waiters.size > 0)) forget(error);
      else kind = "subscribing";
    },
  };
}

function ignore(): void {}
