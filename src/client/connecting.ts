import { CarillonError } from "../errors/carillon-error.ts";
import { mayReconnect } from "../errors/close-codes.ts";
import type { Timer } from "../platform/clock.ts";
import type { ConnectedMessage, ServerMessage } from "../protocol/messages.ts";
import { openConversation, type Conversation } from "./conversation.ts";
import type { Ending } from "./ending.ts";
import type { ConnectOptions } from "./client.ts";
import type { ConnectEvent, DisconnectEvent } from "./events.ts";
import type { Settings } from "./options.ts";
import { retryDelay } from "./reconnect.ts";
import { abortedError } from "./requests.ts";
import type { ClientState } from "./state.ts";
import { createTokenSource } from "./token.ts";

/** Told what happens to the connection. */
export interface ConnectingHandler {
  /** Messages can be sent; nobody else has been told yet. */
  opened(conversation: Conversation, welcome: ConnectedMessage): void;
  message(message: ServerMessage): void;
  /** The server sent what cannot be understood. */
  failed(error: CarillonError): void;
  /** Nothing can be sent; with an error, nothing will be until the application asks for a connection. */
  lost(error?: CarillonError): void;
  /** Every state, and the events `connect` and `disconnect` after the state that they belong to. */
  happened(event: "state" | "connect" | "disconnect", what: ClientState | ConnectEvent | DisconnectEvent): void;
}

/** Gets a connection, keeps it and gets it back: the state machine of {@link ClientState}. */
export interface Connecting {
  state(): ClientState;
  reconnects(): number;
  /** @see Client.connect */
  connect(options?: ConnectOptions): Promise<void>;
  /** Connects because something is to be sent. @throws {CarillonError} `closed` */
  start(): void;
  close(): Promise<void>;
}

export function createConnecting(settings: Settings, handler: ConnectingHandler): Connecting {
  const { clock, random, reconnect, transports } = settings;
  const tokens = createTokenSource(settings.token);
  /** Those who wait for the connection. */
  const waiters = new Set<(error?: CarillonError) => void>();
  let state: ClientState = { kind: "idle" };
  let conversation: Conversation | undefined;
  let closing: Promise<void> = Promise.resolve();
  let timer: Timer | undefined;
  /** Somebody who cannot be aborted wants the connection. */
  let isKept = false;
  let opens = 0;
  let openedAt = 0;
  // Tries and waits since a connection last proved stable, and whether a fresh token was asked for since then.
  let attempt = 0;
  let waits = 0;
  let isRenewed = false;

  const become = (next: ClientState): void => handler.happened("state", (state = next));

  /** Leaves nothing behind of the present state. */
  const calm = (): void => {
    conversation = undefined;
    timer?.cancel();
    globalThis.removeEventListener?.("online", begin);
  };

  const startOver = (): void => {
    attempt = waits = 0;
    isRenewed = false;
  };

  /** Ends everything that goes on. */
  const rest = (next: ClientState): void => {
    closing = conversation?.leave() ?? closing;
    calm();
    startOver();
    isKept = false;
    opens = 0;
    tokens.forget();
    state = next;
    if (next.kind === "closed") {
      for (const settle of waiters) settle(next.cause ?? new CarillonError("closed"));
      handler.lost(closedError(next.cause));
    }
    become(next);
  };

  const begin = (): void => {
    calm();
    const present: ClientState = { kind: "connecting", attempt: ++attempt };
    become(present);
    // A listener may have changed its mind at once.
    if (state === present) converse(0);
  };

  const converse = (index: number): void => {
    const transport = transports[index]!;
    const current = openConversation(
      { transport, tokens, settings },
      {
        opened(welcome) {
          const { connection, user } = welcome;
          openedAt = clock.now();
          isKept = true;
          const event: ConnectEvent = { reconnects: opens++, attempts: attempt, connection };
          state = { kind: "open", transport: transport.name, connection, user };
          handler.opened(current, welcome);
          if (conversation !== current) return;
          for (const settle of waiters) settle();
          become(state);
          if (conversation === current) handler.happened("connect", event);
        },
        message: handler.message,
        ended(ending) {
          // A server that has spoken would say the same over another transport.
          const isSilent = state.kind !== "open" && mayReconnect(ending.code);
          if (isSilent && index + 1 < transports.length) converse(index + 1);
          else ended(ending);
        },
      },
    );
    conversation = current;
  };

  const ended = ({ code, reason, cause }: Ending): void => {
    const wasOpen = state.kind === "open";
    calm();
    if (wasOpen) {
      handler.lost();
      // A server that accepts and closes in a loop must not look like one that works.
      if (clock.now() - openedAt >= reconnect.delayMs) startOver();
    }
    const isExpired = code === 4402 || cause.code === "token-expired";
    const willReconnect = (isExpired ? tokens.forget() : mayReconnect(code)) && attempt < reconnect.attempts;
    if (!willReconnect) rest({ kind: "closed", cause });
    else if (isExpired && !isRenewed) {
      isRenewed = true;
      begin();
    } else {
      const delayMs = retryDelay(waits++, reconnect, random);
      timer = clock.after(delayMs, begin);
      globalThis.addEventListener?.("online", begin);
      become({ kind: "waiting", retryAt: clock.wall() + delayMs, attempt: attempt + 1, cause });
    }
    if (code === 1002) handler.failed(cause);
    if (wasOpen) handler.happened("disconnect", { code, reason, willReconnect, cause });
  };

  return {
    state: () => state,
    reconnects: () => Math.max(0, opens - 1),
    connect: ({ signal } = {}) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(abortedError(signal));
        if (state.kind === "open") return resolve();
        const settle = (error?: CarillonError): void => {
          waiters.delete(settle);
          signal?.removeEventListener("abort", abort);
          if (error) reject(error);
          else resolve();
        };
        const abort = (): void => {
          settle(abortedError(signal!));
          if (!isKept && waiters.size === 0) rest({ kind: "idle" });
        };
        signal?.addEventListener("abort", abort);
        waiters.add(settle);
        if (state.kind === "idle" || state.kind === "closed") begin();
      }),
    start() {
      if (state.kind === "closed") throw closedError(state.cause);
      isKept = true;
      if (state.kind === "idle") begin();
    },
    close() {
      const { kind } = state;
      if (kind !== "closed") rest({ kind: "closed" });
      if (kind === "open") handler.happened("disconnect", { code: 1000, reason: "", willReconnect: false });
      return closing;
    },
  };
}

/** The error for what is asked of a closed client. */
export function closedError(cause: CarillonError | undefined): CarillonError {
  return new CarillonError("closed", { cause });
}
