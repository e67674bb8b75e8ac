import { CarillonError } from "../errors/carillon-error.ts";
import type { ConnectedMessage, ServerMessage } from "../protocol/messages.ts";
import { answerRequest } from "./answering.ts";
import type { Channel } from "./channel.ts";
import type { Client, ConnectOptions, RequestOptions } from "./client.ts";
import { closedError, Connecting } from "./connecting.ts";
import type { Conversation } from "./conversation.ts";
import { readError } from "./ending.ts";
import { Handlers } from "./handlers.ts";
import { checkMs, readOptions, type ClientOptions, type Settings } from "./options.ts";
import { Outbox } from "./outbox.ts";
import { retryDelay } from "./reconnect.ts";
import { Requests } from "./requests.ts";
import type { ClientState } from "./state.ts";
import { Subscription, type SubscriptionClient } from "./subscription.ts";

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
  return new NativeClient(readOptions(url, options)) as unknown as Client<Events>;
}

/** Puts the parts together and hands each message of the server to the part that it is for. */
class NativeClient implements Client {
  readonly #settings: Settings;
  readonly #connecting: Connecting;
  readonly #outbox: Outbox;
  readonly #requests: Requests;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #events = new Handlers();
  /** Apart from the events, because no message may look like one of these. */
  readonly #lifecycle = new Handlers();
  #conversation: Conversation | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#outbox = new Outbox(settings.codec, settings.offline);
    this.#requests = new Requests(this.#outbox, settings.clock);
    this.#connecting = new Connecting(settings, {
      opening: (conversation, welcome) => this.#open(conversation, welcome),
      message: (message) => this.#read(message),
      fault: (error) => this.#fail(error),
      losing: () => this.#lose(),
      closing: (cause) => this.#close(cause),
      changed: (state) => this.#tell("state", state),
      connected: (event) => this.#tell("connect", event),
      disconnected: (event) => this.#tell("disconnect", event),
    });
  }

  get state(): ClientState {
    return this.#connecting.state;
  }

  get reconnects(): number {
    return this.#connecting.reconnects;
  }

  connect({ signal }: ConnectOptions = {}): Promise<void> {
    return this.#connecting.connect(signal);
  }

  close(): Promise<void> {
    return this.#connecting.close();
  }

  onState(listener: (state: ClientState) => unknown): () => void {
    return this.#lifecycle.on("state", listener);
  }

  on(event: string, handler: (...parameters: never[]) => unknown): () => void {
    const isLifecycle = event === "connect" || event === "disconnect" || event === "error";
    return (isLifecycle ? this.#lifecycle : this.#events).on(event, handler);
  }

  send(event: string, data?: unknown): void {
    this.#connecting.start();
    this.#outbox.post(
      { type: "send", event, data },
      { failed: (error) => void (error.code !== "closed" && this.#fail(error)) },
    );
  }

  request(event: string, data?: unknown, options: RequestOptions = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { timeoutMs = this.#settings.requestTimeoutMs, signal } = options;
      checkMs("timeoutMs", timeoutMs);
      if (!signal?.aborted) this.#connecting.start();
      this.#requests.ask({
        answer: "response",
        timeoutMs,
        signal,
        message: (ref) => ({ type: "request", ref, event, data }),
        resolve: (answer) => resolve(answer.data),
        reject,
      });
    });
  }

  channel(name: string): Channel {
    let subscription = this.#subscriptions.get(name);
    if (!subscription) this.#subscriptions.set(name, (subscription = new Subscription(name, this.#forSubscriptions)));
    return subscription;
  }
}
