import { CarillonError } from "../errors/carillon-error.ts";
import { mayReconnect } from "../errors/close-codes.ts";
import type { Timer } from "../platform/clock.ts";
import type { ConnectedMessage, ConnectMessage, ServerMessage } from "../protocol/messages.ts";
import { openConversation, type Conversation } from "./conversation.ts";
import type { Ending } from "./ending.ts";
import type { ConnectOptions } from "./client.ts";
import type { ConnectEvent, DisconnectEvent } from "./events.ts";
import type { Settings } from "./options.ts";
import { retryDelay } from "./reconnect.ts";
import { abortedError } from "./requests.ts";
import type { ClientState } from "./state.ts";
import { createTokenSource } from "./token.ts";

/** No wait before another try to move up is longer, unless the first one was. */
const maxUpgradeMs = 300_000;

/** No server that is full keeps a client away for longer. */
const maxRetryAfterMs = 300_000;

/** Told what happens to the connection. */
export interface ConnectingHandler {
  /** How a link begins; it is said at once. */
  hello(): ConnectMessage;
  /** Messages can be sent; nobody else has been told yet. @returns whether the session from before goes on */
  opened(conversation: Conversation, welcome: ConnectedMessage): boolean;
  message(message: ServerMessage, bytes: number): void;
  /** The server sent what cannot be understood. */
  failed(error: CarillonError): void;
  /** Nothing may be sent for the moment, but the connection is not lost. */
  paused(): void;
  /** The open link is gone. */
  lost(code: number, willReconnect: boolean): void;
  /** There will be no connection until the application asks for one. */
  closed(error: CarillonError | undefined): void;
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
  /** @returns a fresh token; none where nobody makes them */
  freshToken(): Promise<string | undefined>;
}

export function createConnecting(settings: Settings, handler: ConnectingHandler): Connecting {
  const { clock, random, reconnect, transports } = settings;
  const tokens = createTokenSource(settings.token);
  /** Those who wait for the connection. */
  const waiters = new Set<(error?: CarillonError) => void>();
  let state: ClientState = { kind: "idle" };
  let conversation: Conversation | undefined;
  /** The try to move up to another link, and whether the session is on its way there. */
  let beside: Conversation | undefined;
  let isMoving = false;
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
  /** The transport that is tried first, because it got through last. */
  let preferred = 0;

  const become = (next: ClientState): void => handler.happened("state", (state = next));

  /** Leaves nothing behind of the present state. */
  const calm = (): void => {
    void beside?.leave();
    beside = conversation = undefined;
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
      handler.closed(next.cause);
    }
    become(next);
  };

  const begin = (): void => {
    calm();
    const present: ClientState = { kind: "connecting", attempt: ++attempt };
    become(present);
    // A listener may have changed its mind at once.
    if (state === present) tryAll([...new Set([preferred, ...transports.keys()])]);
  };

  /** Opens a link, beside the present one or because there is none; `failed` unless it ever was the connection. */
  const converse = (index: number, isBeside: boolean, failed: (ending: Ending) => void): Conversation => {
    const current = openConversation(
      {
        transport: transports[index]!,
        tokens,
        settings,
        hello() {
          if (isBeside) {
            // From now on the session is on its way to the new link, and what still comes over the old one comes again.
            isMoving = true;
            conversation!.mute();
            handler.paused();
          }
          return handler.hello();
        },
      },
      {
        opened: (welcome) => opened(current, index, welcome),
        message: handler.message,
        ended: (ending) => (conversation === current && state.kind === "open" ? ended(ending) : failed(ending)),
      },
    );
    return current;
  };

  /** Tries one transport after the other. */
  const tryAll = ([index, ...others]: readonly number[]): void => {
    conversation = converse(index!, false, (ending) => {
      // A server that has spoken would say the same over another transport.
      if (mayReconnect(ending.code) && others.length > 0) tryAll(others);
      else ended(ending);
    });
  };

  /** After a while tries the transports before the present one, and again after twice the time if all of them fail. */
  const moveUp = (delayMs: number): void => {
    const tryFrom = (index: number): void => {
      isMoving = false;
      if (index === preferred) return moveUp(Math.min(2 * delayMs, Math.max(delayMs, maxUpgradeMs)));
      beside = converse(index, true, (ending) => {
        beside = undefined;
        if (!isMoving) return tryFrom(index + 1);
        // Nobody knows which link the session is on. Any other code than 1000 leaves it to be resumed.
        void conversation!.leave(4504);
        ended(ending, true);
      });
    };
    if (preferred > 0 && delayMs > 0) timer = clock.after(delayMs, () => tryFrom(0));
  };

  const opened = (current: Conversation, index: number, welcome: ConnectedMessage): void => {
    const { connection, user } = welcome;
    const { name } = transports[index]!;
    const wasOpen = state.kind === "open";
    // The session goes on over the new link, so the end of the old one ends nothing.
    if (wasOpen) void conversation!.leave();
    conversation = current;
    beside = undefined;
    preferred = index;
    if (!wasOpen) openedAt = clock.now();
    isKept = true;
    state = { kind: "open", transport: name, connection, user };
    const resumed = handler.opened(current, welcome);
    if (conversation !== current) return;
    for (const settle of waiters) settle();
    become(state);
    if (conversation !== current) return;
    if (welcome.session !== undefined) moveUp(settings.upgradeMs);
    // Over another transport it is the same connection, and nobody was told of a loss.
    if (!wasOpen || !resumed)
      handler.happened("connect", { reconnects: opens++, attempts: attempt, connection, resumed });
  };

  const ended = ({ code, reason, cause }: Ending, isAtOnce = false): void => {
    const before = state;
    const wasOpen = state.kind === "open";
    calm();
    const isExpired = code === 4402 || cause.code === "token-expired";
    if (wasOpen) {
      // A server that accepts and closes in a loop must not look like one that works.
      if (clock.now() - openedAt >= reconnect.delayMs) startOver();
      if (code === 4504 && !isAtOnce && transports[preferred]!.mayBeHeldBack)
        preferred = (preferred + 1) % transports.length;
    }
    const willReconnect = (isExpired ? tokens.forget() : mayReconnect(code)) && attempt < reconnect.attempts;
    if (wasOpen) handler.lost(isAtOnce ? 1006 : code, willReconnect);
    // Whoever is told of a failure may close the client.
    if (state !== before) return;
    if (!willReconnect) rest({ kind: "closed", cause });
    else if (isAtOnce || (isExpired && !isRenewed)) {
      isRenewed ||= isExpired;
      begin();
    } else {
      const asked = Math.min(Number((cause.cause as CarillonError | undefined)?.details) || 0, maxRetryAfterMs);
      const delayMs = Math.max(asked, retryDelay(waits++, reconnect, random));
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
    freshToken: async () => (tokens.forget() ? tokens.get() : undefined),
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
