import { CarillonError } from "../errors/carillon-error.ts";
import type { RequestMessage, ServerMessage } from "../protocol/messages.ts";
import { answerRequest } from "./answering.ts";
import type { Client, RequestOptions } from "./client.ts";
import { closedError, createConnecting } from "./connecting.ts";
import { readError } from "./ending.ts";
import { createHandlers, type AnyHandler } from "./handlers.ts";
import { readOptions, type ClientOptions } from "./options.ts";
import { createOutbox } from "./outbox.ts";
import { createRequests } from "./requests.ts";
import { createSession } from "./session.ts";
import { createSubscription, type Subscription } from "./subscription.ts";

/**
 * Makes a client of the server at `url`, for pages that count bytes: no transport is in it that is not given here.
 *
 * @throws {CarillonError} `option-invalid`
 *
 * @example
 * ```ts
 * const client = createClient<Events>("wss://example.com/carillon", { transports: [webSocket()] });
 * ```
 */
export function createClient<Events extends object = Record<string, unknown>>(
  url: string | URL,
  options: ClientOptions,
): Client<Events> {
  const settings = readOptions(url, options);
  const events = createHandlers();
  // Apart from the events, because no message may look like one of these.
  const lifecycle = createHandlers();
  const outbox = createOutbox(settings);
  const requests = createRequests(() => connecting.start(), outbox, settings);
  const session = createSession(settings.clock, (message) => outbox.wire()?.send([settings.codec.encode(message)]));
  const subscriptions = new Map<string, Subscription>();
  const chance = (): string => settings.random.next().toString(36).slice(2, 12);
  const seed = chance() + chance();
  let ids = 0;
  let sessions = 0;
  /** The server that ended the last connection has told exactly what it took. */
  let isDrained = false;

  const failed = (error: CarillonError): boolean => lifecycle.call("error", [error], report);
  const thrown = (cause: unknown): void => {
    if (!failed(new CarillonError("handler-failed", { cause }))) report(cause);
  };
  const channel = (name: string): Subscription => {
    const subscription =
      subscriptions.get(name) ??
      createSubscription(name, {
        settings,
        connecting,
        outbox,
        requests,
        newId: () => `${seed}-${++ids}`,
        isAway: session.isOpen,
        gap: (gap) => lifecycle.call("gap", [gap], thrown),
        failed,
        thrown,
      });
    subscriptions.set(name, subscription);
    return subscription;
  };

  const deliver = (event: string, data: unknown): void =>
    void events.call(event, [data, { event, reply() {} }], thrown);
  const answer = (request: RequestMessage): void => {
    const asked = sessions;
    answerRequest(request, events, {
      post(message) {
        // In another session it would be taken for the answer to something else.
        if (asked === sessions) outbox.post(message, { failed() {} });
      },
      thrown,
    });
  };

  /** What goes wrong here shows when the token has expired: then it is asked for again. */
  const refresh = async (): Promise<void> => {
    const token = await connecting.freshToken();
    if (token !== undefined) requests.ask({ message: { type: "refresh", token }, resolve() {}, reject() {} });
  };

  /** Hands a message to the part that it is for. Types that are newer than this client fall through. */
  const read = (message: ServerMessage, bytes: number): void => {
    session.heard(message, bytes);
    if (message.type === "request") answer(message);
    else if ("ref" in message) requests.read(message);
    else if (message.type === "error") failed(readError(message));
    else if (message.type === "ack") outbox.acknowledged(message.received);
    else if (message.type === "expiring") void refresh().catch(() => {});
    else if (message.type === "send") deliver(message.event, message.data);
    else if ("channel" in message) {
      // Nothing else makes a channel exist that the application has not named.
      const subscription =
        message.type === "subscribed" ? channel(message.channel) : subscriptions.get(message.channel);
      subscription?.read(message);
    } else if (message.type === "batch") for (const item of message.items) deliver(message.event, item);
  };

  const connecting = createConnecting(settings, {
    hello: session.hello,
    opened(conversation, welcome) {
      const isResumed = session.welcomed(welcome);
      if (isResumed) {
        outbox.reopen(conversation, welcome.received!);
        for (const subscription of subscriptions.values()) subscription.resumed();
      } else {
        sessions += 1;
        outbox.open(conversation, welcome, isDrained);
        isDrained = false;
        // Before what waited, so that nobody misses the echo of their own publication.
        for (const subscription of subscriptions.values()) subscription.reopened();
        outbox.flush();
      }
      return isResumed;
    },
    message: read,
    failed,
    paused: outbox.pause,
    lost(code, willReconnect) {
      // A server that moves its clients away has acknowledged all that it took. @see PROTOCOL.md, section 8
      isDrained = code === 4510;
      const isKept = willReconnect && session.isOpen();
      for (const subscription of subscriptions.values()) subscription.lost(isKept);
      // Without its session only what may be repeated can wait, and only if there is anything to wait for.
      outbox.shut(isKept ? 0 : willReconnect ? 2 : 3);
    },
    closed(cause) {
      const error = closedError(cause);
      session.forget();
      outbox.shut(0);
      for (const subscription of subscriptions.values()) subscription.closed(error);
      requests.lost(error);
      outbox.clear();
    },
    happened: (event, what) => void lifecycle.call(event, [what], thrown),
  });

  const client: Client = {
    get state() {
      return connecting.state();
    },
    get reconnects() {
      return connecting.reconnects();
    },
    connect: connecting.connect,
    close() {
      outbox.push();
      return connecting.close();
    },
    onState: (listener) => lifecycle.on("state", listener),
    on: (event: string, handler: AnyHandler) =>
      (["connect", "disconnect", "error", "gap"].includes(event) ? lifecycle : events).on(event, handler),
    send(event: string, data?: unknown) {
      connecting.start();
      outbox.post({ type: "send", event, data }, { failed });
    },
    request: (event: string, data?: unknown, { timeoutMs, signal }: RequestOptions = {}) =>
      new Promise((resolve, reject) => {
        requests.ask({
          timeoutMs,
          signal,
          message: { type: "request", event, data },
          resolve: (answered) => resolve(answered.data),
          reject,
        });
      }),
    channel,
  };
  // The map of events exists for the compiler only.
  return client as unknown as Client<Events>;
}

/** As the platform reports what is thrown in an event listener; Node has no such thing. */
function report(error: unknown): void {
  globalThis.reportError?.(error);
}
