import { CarillonError } from "../errors/carillon-error.ts";
import type { Timer } from "../platform/clock.ts";
import type { ServerMessage } from "../protocol/messages.ts";
import type { Channel, ChannelState, HistoryRange, Publication, PublishOptions, SubscribeOptions } from "./channel.ts";
import type { Connecting } from "./connecting.ts";
import type { GapEvent } from "./events.ts";
import { createHandlers } from "./handlers.ts";
import type { Settings } from "./options.ts";
import type { Outbox } from "./outbox.ts";
import { createMemberList } from "./presence.ts";
import { retryDelay } from "./reconnect.ts";
import type { Answered, Asking, Requests } from "./requests.ts";

/** What a subscription needs of the client. */
export interface SubscriptionClient {
  readonly settings: Settings;
  readonly connecting: Connecting;
  readonly outbox: Outbox;
  readonly requests: Requests;
  /** An id that no other publication has. */
  newId(): string;
  /** The connection is away, but the session waits for the client. */
  isAway(): boolean;
  gap(gap: GapEvent): void;
  failed(error: CarillonError): void;
  thrown(error: unknown): void;
}

/** The channel behind {@link Channel}: what the application wishes, held against what the server says. */
export interface Subscription extends Channel {
  /** Takes a message about the channel that answers nothing. */
  read(message: ServerMessage): void;
  /** The session goes on. */
  resumed(): void;
  /** A new session knows of no subscription. */
  reopened(): void;
  /** The connection is gone; its session may wait for the client. */
  lost(isKept: boolean): void;
  /** There will be no other. A wish that somebody still waits for is not kept then, because its caller is told. */
  closed(error: CarillonError): void;
}

export function createSubscription(name: string, client: SubscriptionClient): Subscription {
  const { settings, connecting, outbox, requests, failed, thrown } = client;
  const handlers = createHandlers();
  const gaps = createHandlers();
  const whispers = createHandlers();
  const presence = createMemberList(thrown);
  const waiters = new Set<(error?: CarillonError) => void>();
  let kind: ChannelState["kind"] = "unsubscribed";
  let isWished = false;
  /** The lost connection was subscribed. */
  let wasHere = false;
  /** Where the next subscription has to go on; what is missed must be told. */
  let isReturning = false;
  let position: string | undefined;
  let asked: SubscribeOptions;
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
    isWished = wasHere = isReturning = false;
    position = undefined;
    kind = "unsubscribed";
    settle(error);
    presence.clear();
  };
  const gap = (event: GapEvent): void => {
    position = event.to;
    gaps.call("gap", [event], thrown);
    client.gap(event);
  };
  const joined = ({ members, position: top, recovered }: Answered): void => {
    retry?.cancel();
    waits = 0;
    kind = "subscribed";
    wasHere = false;
    settle();
    presence.replace(members);
    const mustTell = isReturning && !recovered;
    isReturning = false;
    // What was missed, or the server's word that it is gone, comes next and moves the position on.
    if (recovered || (mustTell && recovered === false && top !== undefined)) return;
    if (mustTell) gap({ channel: name, from: position, to: top, reason: "no-history" });
    position = top;
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
      message: { ...asked, type: "subscribe", channel: name, ...(isReturning && { since: position }) } as Asking,
      resolve: (answer) => answered(() => joined(answer)),
      reject: (error) => answered(() => refused(error)),
    });
  };
  const refused = (error: CarillonError): void => {
    if (error.code === "already-subscribed") {
      // The server had subscribed the client by itself.
      if (kind === "subscribed") return joined(isReturning ? {} : ({ position } as Answered));
      // What came since then was not for anybody, so it has to come again.
      leave(ignore, ignore);
      return join();
    }
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
    get position() {
      return position;
    },
    on: handlers.on,
    onGap: (listener) => gaps.on("gap", listener),
    onWhisper: whispers.on,
    whisper(event: string, data?: unknown) {
      if (kind === "subscribed") outbox.post({ type: "whisper", channel: name, event, data }, { failed: ignore });
    },
    subscribe: (options: SubscribeOptions = {}) =>
      new Promise((resolve, reject) => {
        connecting.start();
        const wasWished = isWished;
        isWished = true;
        if (kind === "subscribed") return resolve();
        waiters.add((error) => (error ? reject(error) : resolve()));
        if (wasWished) return;
        asked = options;
        if (options.since !== undefined) {
          position = options.since;
          isReturning = true;
        }
        kind = "subscribing";
        if (outbox.wire()) join();
      }),
    async unsubscribe() {
      const isHere = kind !== "unsubscribed";
      forget(new CarillonError("aborted"));
      if (!isHere) return;
      if (outbox.wire()) await new Promise<void>(leave);
      else if (client.isAway()) leave(ignore, ignore);
    },
    publish: (event: string, data?: unknown, { id = client.newId(), ...options }: PublishOptions = {}) =>
      new Promise((resolve, reject) => {
        requests.ask({
          message: { ...options, type: "publish", channel: name, event, data, id },
          resolve: ({ id: published, position: at }) => resolve({ id: published!, position: at }),
          reject,
        });
      }),
    history: (range: HistoryRange = {}) =>
      new Promise((resolve, reject) => {
        requests.ask({
          message: { type: "history", channel: name, ...range },
          resolve: ({ publications, top, covered }) =>
            resolve({ publications: publications as readonly Publication[], top: top!, isCovered: covered! }),
          reject,
        });
      }),
    read(message) {
      const { type } = message;
      if (type === "subscribed") joined(message);
      // When the application has asked anew since then, the answer to that is what counts.
      if (type === "unsubscribed" && !joining) forget();
      // Nothing of a channel comes before its `subscribed`, and nothing after the application has left.
      if (kind !== "subscribed") return;
      if (type === "publication") {
        const { position: at = "" } = message;
        const [[epoch, offset], [lastEpoch, last]] = [at.split("."), (position ?? "").split(".")];
        // Of a server that repeats itself each publication is heard once; of another epoch nothing can be said.
        if (at && epoch === lastEpoch && +offset! <= +last!) return;
        position = at || position;
        deliver(message as Publication);
      } else if (type === "whisper") whispers.call(message.event, [message.data, message], thrown);
      else if (type === "gap") gap(message);
      else if (type === "join" || type === "leave") presence[type](message.member);
      else if (type === "batch")
        for (const data of message.items) deliver({ channel: name, event: message.event, data });
    },
    resumed() {
      if (wasHere) {
        wasHere = false;
        kind = "subscribed";
        settle();
      } else if (isWished && !joining && kind !== "subscribed") join();
    },
    reopened() {
      isReturning ||= wasHere || kind === "subscribed";
      wasHere = false;
      if (isWished) {
        kind = "subscribing";
        join();
      } else if (kind !== "unsubscribed") forget();
    },
    lost(isKept) {
      retry?.cancel();
      if (!isKept) joining = undefined;
      if (!isKept && !isWished) return forget();
      wasHere ||= kind === "subscribed";
      if (kind === "subscribed") kind = "subscribing";
    },
    closed(error) {
      this.lost(false);
      if (waiters.size > 0) forget(error);
    },
  };
}

function ignore(): void {}
