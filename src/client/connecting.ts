import { CarillonError, toCarillonError } from "../errors/carillon-error.ts";
import type { Timer } from "../platform/clock.ts";
import type { ConnectedMessage, ServerMessage } from "../protocol/messages.ts";
import { Conversation } from "./conversation.ts";
import type { Ending } from "./ending.ts";
import type { ConnectEvent, DisconnectEvent } from "./events.ts";
import type { Settings } from "./options.ts";
import { retryDelay } from "./reconnect.ts";
import { abortedError } from "./requests.ts";
import type { ClientState } from "./state.ts";
import { TokenSource } from "./token.ts";

/** Told what happens to the connection. Those in the past tense come after the state has changed. */
export interface ConnectingHandler {
  /** Messages can be sent; nobody else has been told yet. */
  opening(conversation: Conversation, welcome: ConnectedMessage): void;
  message(message: ServerMessage): void;
  fault(error: CarillonError): void;
  /** The open conversation is over; what is in flight stays unanswered. */
  losing(): void;
  /** There will be no connection unless the application asks for one. */
  closing(cause: CarillonError | undefined): void;
  changed(state: ClientState): void;
  connected(event: ConnectEvent): void;
  disconnected(event: DisconnectEvent): void;
}

interface Waiter {
  resolve(): void;
  reject(error: CarillonError): void;
}

/** Gets a connection, keeps it and gets it back: the state machine of {@link ClientState}. */
export class Connecting {
  readonly #settings: Settings;
  readonly #handler: ConnectingHandler;
  readonly #token: TokenSource;
  readonly #waiters = new Set<Waiter>();
  #state: ClientState = { kind: "idle" };
  /** Somebody who cannot be aborted wants the connection. */
  #isKept = false;
  #opens = 0;
  #openedAt = 0;
  /** Tries and waits since a connection last proved stable. */
  #attempt = 0;
  #waits = 0;
  /** A fresh token was asked for already, and the connection has not proved stable since. */
  #isRenewed = false;
  /** What the present state waits for: the token or the next try. */
  #timer: Timer | undefined;
  #conversation: Conversation | undefined;
  #closing: Promise<void> = Promise.resolve();

  constructor(settings: Settings, handler: ConnectingHandler) {
    this.#settings = settings;
    this.#handler = handler;
    this.#token = new TokenSource(settings.token);
  }

  get state(): ClientState {
    return this.#state;
  }

  get reconnects(): number {
    return Math.max(0, this.#opens - 1);
  }

  connect(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortedError(signal));
      if (this.#state.kind === "open") return resolve();
      const settle = (): void => {
        this.#waiters.delete(waiter);
        signal?.removeEventListener("abort", abort);
      };
      const waiter: Waiter = {
        resolve: () => resolve(settle()),
        reject: (error) => reject((settle(), error)),
      };
      const abort = (): void => {
        waiter.reject(abortedError(signal!));
        if (!this.#isKept && this.#waiters.size === 0) this.#rest({ kind: "idle" });
      };
      signal?.addEventListener("abort", abort);
      this.#waiters.add(waiter);
      if (this.#state.kind === "idle" || this.#state.kind === "closed") this.#try();
    });
  }

  /** Connects because something is to be sent. */
  start(): void {
    if (this.#state.kind === "closed") throw closedError(this.#state.cause);
    this.#isKept = true;
    if (this.#state.kind === "idle") this.#try();
  }

  close(): Promise<void> {
    const { kind } = this.#state;
    if (kind !== "closed") {
      this.#close(undefined);
      if (kind === "open") this.#handler.disconnected({ code: 1000, reason: "", willReconnect: false });
    }
    return this.#closing;
  }

  #try(): void {
    this.#calm();
    this.#attempt += 1;
    const isPresent = this.#become({ kind: "connecting", attempt: this.#attempt });
    if (isPresent()) void this.#askToken(isPresent);
  }

  async #askToken(isPresent: () => boolean): Promise<void> {
    const fail = (cause: CarillonError): void => {
      if (isPresent()) this.#ended({ code: 1006, reason: "", cause, final: !cause.temporary, expired: false });
    };
    this.#timer = this.#settings.clock.after(this.#settings.connectTimeoutMs, () =>
      fail(new CarillonError("timeout", { message: "the token did not come in time" })),
    );
    let token: string | undefined;
    try {
      token = await this.#token.get();
    } catch (error) {
      return fail(toCarillonError(error, "connect-failed"));
    }
    if (!isPresent()) return;
    this.#timer.cancel();
    this.#converse(token, 0);
  }

  #converse(token: string | undefined, index: number): void {
    const { transports } = this.#settings;
    const conversation = new Conversation(transports[index]!, this.#settings, token, {
      opened: (welcome) => this.#opened(conversation, welcome),
      message: (message) => this.#handler.message(message),
      fault: (error) => this.#handler.fault(error),
      ended: (ending) => {
        // A server that has spoken would say the same over another transport.
        const hasSpoken = this.#state.kind === "open" || ending.final || ending.expired;
        if (hasSpoken || index + 1 >= transports.length) this.#ended(ending);
        else this.#converse(token, index + 1);
      },
    });
    this.#conversation = conversation;
  }

  #opened(conversation: Conversation, welcome: ConnectedMessage): void {
    const { connection, user } = welcome;
    this.#openedAt = this.#settings.clock.now();
    this.#opens += 1;
    this.#isKept = true;
    const event: ConnectEvent = { reconnects: this.reconnects, attempts: this.#attempt, connection };
    const { transport } = conversation;
    this.#state = { kind: "open", transport, connection, ...(user !== undefined && { user }) };
    this.#handler.opening(conversation, welcome);
    if (this.#conversation !== conversation) return;
    for (const waiter of this.#waiters) waiter.resolve();
    this.#handler.changed(this.#state);
    if (this.#conversation === conversation) this.#handler.connected(event);
  }

  #ended(ending: Ending): void {
    const { reconnect, clock, random } = this.#settings;
    const { code, reason, cause } = ending;
    const wasOpen = this.#state.kind === "open";
    this.#calm();
    if (wasOpen) {
      this.#handler.losing();
      // A server that accepts and closes in a loop must not look like one that works.
      if (clock.now() - this.#openedAt >= reconnect.delayMs) {
        this.#attempt = this.#waits = 0;
        this.#isRenewed = false;
      }
    }
    const isHopeless = ending.expired ? !this.#token.forget() : ending.final;
    const willReconnect = !isHopeless && this.#attempt < reconnect.attempts;
    if (!willReconnect) this.#close(cause);
    else if (ending.expired && !this.#isRenewed) {
      this.#isRenewed = true;
      this.#try();
    } else {
      const delayMs = retryDelay(this.#waits++, reconnect, random);
      this.#timer = clock.after(delayMs, this.#retry);
      globalThis.addEventListener?.("online", this.#retry);
      this.#become({ kind: "waiting", retryAt: clock.wall() + delayMs, attempt: this.#attempt + 1, cause });
    }
    if (wasOpen) this.#handler.disconnected({ code, reason, willReconnect, cause });
  }

  readonly #retry = (): void => this.#try();

  #close(cause: CarillonError | undefined): void {
    const error = cause ?? new CarillonError("closed");
    this.#rest({ kind: "closed", ...(cause && { cause }) }, () => {
      for (const waiter of this.#waiters) waiter.reject(error);
      this.#handler.closing(cause);
    });
  }

  /** Ends everything that goes on; the next connection starts afresh. */
  #rest(state: ClientState, beforehand?: () => void): void {
    this.#closing = this.#conversation?.leave() ?? this.#closing;
    this.#calm();
    this.#isKept = this.#isRenewed = false;
    this.#opens = this.#attempt = this.#waits = 0;
    this.#token.forget();
    this.#state = state;
    beforehand?.();
    this.#become(state);
  }

  /** Leaves nothing behind of the present state. */
  #calm(): void {
    this.#conversation = undefined;
    this.#timer?.cancel();
    globalThis.removeEventListener?.("online", this.#retry);
  }

  /** @returns whether that state is still the present one; a listener may change it at once */
  #become(state: ClientState): () => boolean {
    this.#state = state;
    this.#handler.changed(state);
    return () => this.#state === state;
  }
}

/** The error for what is asked of a closed client. */
export function closedError(cause: CarillonError | undefined): CarillonError {
  return new CarillonError("closed", cause && { message: `the client is closed: ${cause.message}`, cause });
}
