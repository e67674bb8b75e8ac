import { CarillonError } from "../errors/carillon-error.ts";
import type { RequestMessage, ServerMessage } from "../protocol/messages.ts";
import { answerRequest } from "./answering.ts";
import type { Client, RequestOptions } from "./client.ts";
import { createConnecting } from "./connecting.ts";
import { readError } from "./ending.ts";
import { createHandlers, type AnyHandler } from "./handlers.ts";
import { readOptions, type ClientOptions } from "./options.ts";
import { createOutbox } from "./outbox.ts";
import { createRequests } from "./requests.ts";
import { createSubscription, type Subscription } from "./subscription.ts";

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
  const settings = readOptions(url, options);
  const events = createHandlers();
  // Apart from the events, because no message may look like one of these.
  const lifecycle = createHandlers();
  const outbox = createOutbox(settings);
  const requests = createRequests(() => connecting.start(), outbox, settings);
  const subscriptions = new Map<string, Subscription>();

  const failed = (error: CarillonError): boolean => lifecycle.call("error", [error], report);
  const thrown = (cause: unknown): void => {
    if (!failed(new CarillonError("handler-failed", { cause }))) report(cause);
  };
  const channel = (name: string): Subscription => {
    const subscription =
      subscriptions.get(name) ?? createSubscription(name, { settings, connecting, outbox, requests, failed, thrown });
    subscriptions.set(name, subscription);
    return subscription;
  };

  const deliver = (event: string, data: unknown): void =>
    void events.call(event, [data, { event, reply() {} }], thrown);
  const answer = (request: RequestMessage): void => {
    const wire = outbox.wire();
    answerRequest(request, events, {
      post(message) {
        // Another link's server would take it for the answer to something else.
        if (wire === outbox.wire()) outbox.post(message, { failed });
      },
      thrown,
    });
  };

  /** Hands a message to the part that it is for. Types that are newer than this client fall through. */
  const read = (message: ServerMessage): void => {
    if (message.type === "request") answer(message);
    else if ("ref" in message) requests.read(message);
    else if (message.type === "error") failed(readError(message));
    else if (message.type === "send") deliver(message.event, message.data);
    else if ("channel" in message) {
      // Nothing else makes a channel exist that the application has not named.
      const subscription =
        message.type === "subscribed" ? channel(message.channel) : subscriptions.get(message.channel);
      subscription?.read(message);
    } else if (message.type === "batch") for (const item of message.items) deliver(message.event, item);
  };

  const connecting = createConnecting(settings, {
    opened(conversation, { maxMessageBytes }) {
      outbox.open(conversation, maxMessageBytes);
      // Before what waited, so that nobody misses the echo of their own publication.
      for (const subscription of subscriptions.values()) subscription.reopened();
      outbox.flush();
    },
    message: read,
    failed,
    lost(error) {
      outbox.shut();
      for (const subscription of subscriptions.values()) subscription.lost(error);
      requests.lost(error);
      if (error) outbox.clear();
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
    close: connecting.close,
    onState: (listener) => lifecycle.on("state", listener),
    on: (event: string, handler: AnyHandler) =>
      (["connect", "disconnect", "error"].includes(event) ? lifecycle : events).on(event, handler),
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
