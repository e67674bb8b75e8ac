import type { Answer, EventPattern, Payload } from "../events/event-map.ts";
import type { Channel } from "./channel.ts";
import type { ClientEventName, DataParameter, EventHandler, LifecycleEvents, RequestName } from "./events.ts";
import type { ClientState } from "./state.ts";

/** How to wait for a connection. */
export interface ConnectOptions {
  /** Stops waiting; see {@link Client.connect}. */
  readonly signal?: AbortSignal;
}

/** How to wait for the answer to a request. */
export interface RequestOptions {
  /**
   * How long to wait for the answer, also while the request waits for a connection.
   *
   * @default ClientOptions.requestTimeoutMs
   */
  readonly timeoutMs?: number;
  /** Gives the answer up. A request that has not left yet never does. */
  readonly signal?: AbortSignal;
}

/** A conversation with a Carillon server that outlives its connections. */
export interface Client<Events extends object = Record<string, unknown>> {
  readonly state: ClientState;
  /** Successful reconnections so far; 0 for the first connection after `connect()`. */
  readonly reconnects: number;

  /**
   * Opens the connection and waits for it, through as many tries as the options allow.
   *
   * Resolves at once when it is open, and does not shorten a wait between tries. After `closed` it starts afresh: it
   * asks for a token again, and subscriptions are kept. Aborting the signal also stops connecting (back to `idle`)
   * unless something else needs the connection: another `connect()`, a message, a subscription, or one that was lost.
   *
   * @throws {CarillonError} `aborted`, `closed`, or why there will be no connection
   */
  connect(options?: ConnectOptions): Promise<void>;

  /**
   * Ends the connection for good; what was sent before leaves first, and what waits is rejected with `closed`.
   *
   * The state is `closed` at once; resolves when the connection is gone. Idempotent.
   */
  close(): Promise<void>;

  /** Calls the listener whenever {@link state} changes. */
  onState(listener: (state: ClientState) => unknown): () => void;

  /**
   * Calls the handler for every event that the server sends or requests outside channels. Other handlers for the same
   * event stay.
   *
   * `connect`, `disconnect`, `error` and `gap` tell about the client itself; no pattern means them.
   *
   * @returns the function that takes the handler away again
   *
   * @example
   * ```ts
   * client.on("where", (_, { reply }) => reply({ page: location.pathname }));
   * client.on("user:*", (data, { event }) => console.log(event, data));
   * ```
   */
  on<Name extends keyof LifecycleEvents>(event: Name, handler: (what: LifecycleEvents[Name]) => unknown): () => void;
  on<Name extends ClientEventName<Events>>(
    event: Name,
    handler: EventHandler<Payload<Events[Name]>, Answer<Events[Name]>>,
  ): () => void;
  on(pattern: EventPattern, handler: EventHandler<unknown, unknown>): () => void;

  /**
   * Sends an event to the server, which does not answer. While there is no connection it waits in the queue.
   *
   * What goes wrong after it has returned reaches the event `error`.
   *
   * @throws {CarillonError} `offline` and `queue-full` (temporary), `payload-too-large`, `payload-invalid`, `closed`
   */
  send<Name extends ClientEventName<Events>>(event: Name, ...data: DataParameter<Events[Name]>): void;

  /**
   * Sends an event to the server and waits for its answer. While there is no connection it waits in the queue.
   *
   * A lost connection that can be resumed only delays the answer.
   *
   * @throws {CarillonError} what the server says, `timeout`, `aborted`, `connection-closed` when it is not known
   *   whether it took effect, `closed`, `offline`, `queue-full`, `payload-too-large`, `payload-invalid`
   *
   * @example
   * ```ts
   * const sum = await client.request("add", { a: 2, b: 3 }, { timeoutMs: 5_000 });
   * ```
   */
  request<Name extends RequestName<Events>>(
    event: Name,
    ...data: [...DataParameter<Events[Name]>, options?: RequestOptions]
  ): Promise<Answer<Events[Name]>>;

  /** The channel of that name, always the same object. Nothing is sent before {@link Channel.subscribe}. */
  channel(name: string): Channel<Events>;
}
