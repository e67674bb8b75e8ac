import { CarillonError } from "../errors/carillon-error.ts";
import { answerRequest } from "./answering.ts";
import type { Client, RequestOptions } from "./client.ts";
import { createConnecting } from "./connecting.ts";
import { createHandlers, type AnyHandler } from "./handlers.ts";
import { readMessage, type Incoming } from "./incoming.ts";
import { checkMs, readOptions, type ClientOptions } from "./options.ts";
import { createOutbox } from "./outbox.ts";
import { retryDelay } from "./reconnect.ts";
import { createRequests } from "./requests.ts";
import { createSubscription, type Subscription, type SubscriptionClient } from "./subscription.ts";

/**
 * Makes a client of the server at `url`. It connects with the first `connect()`, subscription or message.
 *
 * http and https mean ws and wss; in a browser the address may be relative to the page.
 *
 * @throws {CarillonError} `option-invalid`
 *
 * @example
 * ```ts
 * const client = createClient<Events>("wss://example.com/carillon", { token: () => fetchToken() });
 * const lobby = client.channel("lobby");
 * lobby.on("chat", ({ user, text }) => console.log(user, text));
 * await lobby.subscribe();
 * await lobby.publish("chat", { user: "ada", text: "hi" });
 * ```
 */
export function createClient<Events extends object = Record<string, unknown>>(
  url: string | URL,
  options: ClientOptions = {},
): Client<Events> {
  // The map of events exists for the compiler only.
  return composeClient(url, options) as unknown as Client<Events>;
}

/** Puts the parts together. */
function composeClient(url: string | URL, options: ClientOptions): Client {
  const settings = readOptions(url, options);
  const { clock, random, reconnect, requestTimeoutMs } = settings;
  const events = createHandlers();
  // Apart from the events, because no message may look like one of these.
  const lifecycle = createHandlers();
  const outbox = createOutbox(settings);
  const requests = createRequests(outbox, clock);
  const subscriptions = new Map<string, Subscription>();

  /** Returns whether anybody heard. */
  const fail = (error: CarillonError): boolean => lifecycle.call("error", [error], report);
  const failed = (error: CarillonError): void => void fail(error);
  const thrown = (cause: unknown): void => {
    if (!fail(new CarillonError("handler-failed", { cause }))) report(cause);
  };

  const connecting = createConnecting(settings, {
    opened(conversation, { maxMessageBytes }) {
      outbox.open(conversation, maxMessageBytes);
      // Before what waited, so that nobody misses the echo of their own publication.
      for (const subscription of subscriptions.values()) subscription.reopened();
      outbox.flush();
    },
    message: (message) => readMessage(message, incoming),
    fault: failed,
    lost(error) {
      outbox.shut();
      for (const subscription of subscriptions.values()) subscription.lost(error);
      requests.lost(error);
      if (error) outbox.clear();
    },
    happened: (event, what) => void lifecycle.call(event, [what], thrown),
  });

  const forSubscriptions: SubscriptionClient = {
    isOpen: () => outbox.wire() !== undefined,
    start: connecting.start,
    ask: (question) => requests.ask({ ...question, timeoutMs: requestTimeoutMs }),
    retry: (waits, run) => clock.after(retryDelay(waits, reconnect, random), run),
    failed,
    thrown,
  };

  const incoming: Incoming = {
    requests,
    subscriptions,
    subscription(name) {
      const subscription = subscriptions.get(name) ?? createSubscription(name, forSubscriptions);
      subscriptions.set(name, subscription);
      return subscription;
    },
    sent: (event, data) => void events.call(event, [data, { event, reply() {} }], thrown),
    requested(message) {
      const wire = outbox.wire();
      answerRequest(message, events, {
        post(answer) {
          // Another link's server would take it for the answer to something else.
          if (wire === outbox.wire()) outbox.post(answer, { failed() {} });
        },
        failed,
        thrown,
      });
    },
    failed,
  };

  return {
    get state() {
      return connecting.state();
    },
    get reconnects() {
      return connecting.reconnects();
    },
    connect: (wanted) => connecting.connect(wanted?.signal),
    close: connecting.close,
    onState: (listener) => lifecycle.on("state", listener),
    on: (event: string, handler: AnyHandler) =>
      (["connect", "disconnect", "error"].includes(event) ? lifecycle : events).on(event, handler),
    send(event: string, data?: unknown) {
      connecting.start();
      outbox.post({ type: "send", event, data }, { failed });
    },
    request: (event: string, data?: unknown, { timeoutMs = requestTimeoutMs, signal }: RequestOptions = {}) =>
      new Promise((resolve, reject) => {
        checkMs("timeoutMs", timeoutMs);
        if (!signal?.aborted) connecting.start();
        requests.ask({
          answer: "response",
          timeoutMs,
          signal,
          message: (ref) => ({ type: "request", ref, event, data }),
          resolve: (answer) => resolve(answer.data),
          reject,
        });
      }),
    channel: incoming.subscription,
  };
}

/** As the platform reports what is thrown in an event listener; Node has no such thing. */
function report(error: unknown): void {
  globalThis.reportError?.(error);
}
