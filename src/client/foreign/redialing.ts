import { CarillonError, toCarillonError } from "../../errors/carillon-error.ts";
import type { Clock, Timer } from "../../platform/clock.ts";
import type { CodecFrame } from "../../protocol/codec.ts";
import type { ConnectOptions } from "../client.ts";
import type { DisconnectEvent } from "../events.ts";
import { retryDelay, type ReconnectOptions } from "../reconnect.ts";
import { abortedError } from "../requests.ts";
import type { Link, Transport } from "../transports/transport.ts";
import { plainCodec } from "./plain-codec.ts";

/** The table of all codes would come into every page. */
const policyViolation = 1008;

/** What a client of another language's server connects with. */
export interface RedialSettings {
  readonly url: string;
  /** Tried in order; what got through is tried first the next time. */
  readonly transports: readonly Transport[];
  readonly reconnect: Required<ReconnectOptions>;
  /** How long each transport may take. */
  readonly handshakeTimeoutMs: number;
  /** The first try is repeated too when it fails. */
  readonly isPersistent: boolean;
  readonly clock: Clock;
}

/** Told what happens to the connection. */
export interface RedialHandler {
  /** `reconnects`: successful ones so far; `attempts`: the tries that this one took. */
  opened(link: Link, counts: { readonly reconnects: number; readonly attempts: number }): void;
  frame(frame: CodecFrame): void;
  /** An open link is gone, or was closed. */
  lost(event: DisconnectEvent): void;
  /** A try has failed that nobody waits for. */
  failed(error: CarillonError): void;
  /** There will be no further try. */
  gaveUp(error: CarillonError): void;
}

/** Connects, and connects again after waits that double, unless the server has closed it with 1008: that is a refusal. */
export interface Redialing {
  /** The open one. */
  link(): Link | undefined;
  /** @throws {CarillonError} `connect-failed`, `timeout`, `aborted`, `closed` */
  connect(options?: ConnectOptions): Promise<void>;
  /** Takes the link for lost. */
  drop(code: number, cause: CarillonError): void;
  /** For good; resolves when the link is gone. */
  close(): Promise<void>;
}

export function createRedialing(settings: RedialSettings, handler: RedialHandler): Redialing {
  const { url, transports, reconnect, clock } = settings;
  const waiters = new Set<(error?: CarillonError) => void>();
  let link: Link | undefined;
  /** The try that goes on. */
  let round: AbortController | undefined;
  let timer: Timer | undefined;
  let closing: Promise<void> = Promise.resolve();
  let preferred = 0;
  let opens = 0;
  /** Tries and waits since a link was open. */
  let attempts = 0;
  let waits = 0;

  const settle = (error?: CarillonError): void => {
    const settled = [...waiters];
    waiters.clear();
    for (const waiter of settled) waiter(error);
  };
  const rest = (): void => {
    round?.abort();
    timer?.cancel();
    round = timer = link = undefined;
    attempts = waits = 0;
  };

  const wait = (): void => {
    timer = clock.after(retryDelay(waits++, reconnect, { next: () => 0 }), () => void dial());
  };
  const failed = (cause: CarillonError): void => {
    round = undefined;
    const isFirst = opens === 0 && !settings.isPersistent;
    // The first try has no wait before it.
    const isLast = isFirst || waits >= reconnect.attempts;
    if (isLast) {
      rest();
      opens = 0;
    } else wait();
    if (!isFirst) handler.failed(cause);
    // Whoever is told may have connected anew.
    if (!isLast || round) return;
    settle(cause);
    if (!isFirst) handler.gaveUp(cause);
  };

  const dial = async (): Promise<void> => {
    timer = undefined;
    attempts += 1;
    let cause = new CarillonError("connect-failed");
    for (const index of new Set([preferred, ...transports.keys()])) {
      const current = (round = new AbortController());
      const deadline = clock.after(settings.handshakeTimeoutMs, () => current.abort(timedOut()));
      let opened: Link;
      try {
        opened = await transports[index]!.connect({ url, codec: plainCodec, signal: current.signal });
      } catch (error) {
        if (round !== current) return;
        cause = current.signal.aborted ? timedOut() : toCarillonError(error, "connect-failed");
        continue;
      } finally {
        deadline.cancel();
      }
      if (round !== current) return opened.close(1000);
      preferred = index;
      return open(opened);
    }
    failed(cause);
  };

  const open = (opened: Link): void => {
    round = undefined;
    link = opened;
    const counts = { reconnects: opens++, attempts };
    attempts = waits = 0;
    let gone = (): void => {};
    closing = new Promise((resolve) => (gone = resolve));
    handler.opened(opened, counts);
    opened.receive({
      frame(frame) {
        if (link === opened) handler.frame(frame);
      },
      closed(code, reason) {
        gone();
        if (link === opened) lost(code, reason, connectionClosed());
      },
    });
    if (link === opened) settle();
  };

  const lost = (code: number, reason: string, cause: CarillonError): void => {
    link = undefined;
    const isRefused = code === policyViolation;
    const willReconnect = reconnect.attempts > 0 && !isRefused;
    if (willReconnect) wait();
    else opens = 0;
    handler.lost({ code, reason, willReconnect, cause });
    // Whoever is told may have connected anew.
    if (isRefused && !round) handler.gaveUp(cause);
  };

  return {
    link: () => link,
    connect: ({ signal } = {}) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(abortedError(signal));
        if (link) return resolve();
        const settleThis = (error?: CarillonError): void => {
          waiters.delete(settleThis);
          signal?.removeEventListener("abort", abort);
          if (error) reject(error);
          else resolve();
        };
        const abort = (): void => {
          settleThis(abortedError(signal!));
          if (waiters.size === 0 && opens === 0) rest();
        };
        signal?.addEventListener("abort", abort);
        waiters.add(settleThis);
        if (!round && !timer) void dial();
      }),
    drop(code, cause) {
      if (!link) return;
      const dropped = link;
      lost(code, "", cause);
      dropped.close(1000);
    },
    close() {
      const opened = link;
      rest();
      opens = 0;
      const gone = closing;
      opened?.close(1000);
      // Whoever is told of the end may connect anew.
      settle(new CarillonError("closed"));
      if (opened) handler.lost({ code: 1000, reason: "", willReconnect: false });
      return gone;
    },
  };
}

/** What cannot be done without a connection. */
export function connectionClosed(): CarillonError {
  return new CarillonError("connection-closed", { message: "connection closed" });
}

/** What took longer than it may. */
export function timedOut(): CarillonError {
  return new CarillonError("timeout", { message: "operation timed out" });
}
