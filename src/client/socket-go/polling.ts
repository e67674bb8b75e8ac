import { CarillonError } from "../../errors/carillon-error.ts";
import { systemClock, type Clock, type Timer } from "../../platform/clock.ts";
import { fromBase64 } from "../../protocol/base64.ts";
import type { CodecFrame } from "../../protocol/codec.ts";
import { checkWhole } from "../foreign/redial.ts";
import { timedOut } from "../foreign/redialing.ts";
import { maxTimerMs } from "../options.ts";
import { createHeld } from "../transports/held.ts";
import type { SocketGoLink, SocketGoTransport } from "./link.ts";

/** So many polls in a row may fail before the connection counts as lost. */
const maxFailures = 3;
/** So often a message is sent again that a full server did not take. */
const maxRefusals = 30;
/** How long the server may take to hear that the client leaves. */
const leaveMs = 5_000;

/** How the client polls. */
export interface SocketGoPollingOptions {
  /**
   * The wait before each poll.
   *
   * @default 1_000 // 1 second
   */
  readonly intervalMs?: number;
  /**
   * How long each request may take, also one that the server holds open.
   *
   * @default 30_000 // 30 seconds
   */
  readonly requestTimeoutMs?: number;
  /**
   * Sent with every request.
   *
   * @default {}
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** @default the platform's fetch */
  readonly send?: SendRequest;
  /** Time, for tests. */
  readonly clock?: Clock;
}

/** Makes one request. @throws when there is no answer */
export type SendRequest = (url: string, request: PollingRequest) => Promise<PollingAnswer>;

/** A request of the transport over polling. */
export interface PollingRequest {
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** What the server answered it. */
export interface PollingAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * The transport over plain requests. It reads both lists of messages and the base64 texts of the original.
 *
 * @throws {CarillonError} `option-invalid`
 */
export function socketGoPolling(options: SocketGoPollingOptions = {}): SocketGoTransport {
  const { intervalMs = 1_000, requestTimeoutMs = 30_000, headers = {}, send = fetched, clock = systemClock } = options;
  checkWhole("intervalMs", intervalMs, 1, maxTimerMs);
  checkWhole("requestTimeoutMs", requestTimeoutMs, 1, maxTimerMs);
  return {
    name: "polling",
    async connect({ url, signal }) {
      const address = url.replace(/^ws/, "http");
      const [path = ""] = address.split("?", 1);
      const query = address.slice(path.length + 1);
      const base = path.replace(/\/$/, "");
      const ask: Ask = async (name, { id, body, timeoutMs = requestTimeoutMs, outer }) => {
        const controller = new AbortController();
        const abort = (): void => controller.abort();
        outer?.addEventListener("abort", abort);
        const deadline = clock.after(timeoutMs, abort);
        const session = id === undefined ? "" : `sessionId=${encodeURIComponent(id)}`;
        const all = [query, session].filter(Boolean).join("&");
        try {
          if (outer?.aborted) abort();
          return await send(`${base}/${name}${all && `?${all}`}`, {
            method: name === "poll" ? "GET" : "POST",
            headers: body === undefined ? headers : { ...headers, "Content-Type": "application/json" },
            ...(body !== undefined && { body }),
            signal: controller.signal,
          });
        } catch (cause) {
          throw controller.signal.aborted ? timedOut() : new CarillonError("connect-failed", { cause });
        } finally {
          deadline.cancel();
          outer?.removeEventListener("abort", abort);
        }
      };
      const id = sessionIn(await ask("connect", { outer: signal }));
      if (!signal.aborted) return openLink(id, { ask, clock, intervalMs });
      void ask("disconnect", { id, timeoutMs: leaveMs }).catch(() => {});
      throw new CarillonError("connect-failed", { cause: signal.reason });
    },
  };
}

type Ask = (
  name: "connect" | "poll" | "send" | "disconnect",
  details: {
    readonly id?: string;
    readonly body?: string;
    readonly timeoutMs?: number;
    readonly outer?: AbortSignal | undefined;
  },
) => Promise<PollingAnswer>;

function openLink(
  id: string,
  { ask, clock, intervalMs }: { readonly ask: Ask; readonly clock: Clock; readonly intervalMs: number },
): SocketGoLink {
  const held = createHeld();
  const requests = new AbortController();
  const waiting: string[] = [];
  let timer: Timer | undefined;
  let bufferedBytes = 0;
  let failures = 0;
  let isSending = false;
  let isLeaving = false;
  let isOver = false;

  const end = (code: number, reason: string): void => {
    if (isOver) return;
    isOver = true;
    timer?.cancel();
    requests.abort();
    held.arrived((handler) => handler.closed(code, reason));
  };
  const pause = (): Promise<void> => new Promise((resolve) => (timer = clock.after(intervalMs, resolve)));

  const poll = async (): Promise<void> => {
    try {
      const { status, body } = await ask("poll", { id, outer: requests.signal });
      if (status === 404 || status === 410) return end(1006, body.trim());
      if (status !== 200) throw new CarillonError("connect-failed", { message: `the server answered ${status}` });
      failures = 0;
      for (const frame of framesIn(body)) held.arrived((handler) => handler.frame(frame));
    } catch {
      failures += 1;
      if (failures >= maxFailures) end(1006, "");
    }
  };
  const listen = async (): Promise<void> => {
    while (!isOver) {
      await pause();
      if (!isOver) await poll();
    }
  };

  const leave = (): void => {
    const gone = (): void => end(1000, "");
    ask("disconnect", { id, timeoutMs: leaveMs }).then(gone, gone);
  };
  /** One message at a time, because the order of requests beside each other is not known. */
  const flush = async (): Promise<void> => {
    if (isSending) return;
    isSending = true;
    let refusals = 0;
    while (waiting.length > 0 && !isOver) {
      const answer = await ask("send", { id, body: waiting[0]!, outer: requests.signal }).catch(() => undefined);
      // The server's queue is full: this one was not taken.
      if (answer?.status === 503 && ++refusals < maxRefusals) {
        await new Promise<void>((resolve) => clock.after(intervalMs, resolve));
      } else if (answer?.status === 200) {
        refusals = 0;
        bufferedBytes -= waiting.shift()!.length;
      } else end(1006, answer?.body.trim() ?? "");
    }
    isSending = false;
    if (isLeaving && !isOver) leave();
  };
  void listen();

  return {
    id,
    isSelfTimed: true,
    subprotocol: "",
    get bufferedBytes() {
      return bufferedBytes;
    },
    send(frames) {
      if (isOver || isLeaving) return;
      for (const frame of frames) {
        const body = typeof frame === "string" ? frame : new TextDecoder().decode(frame);
        waiting.push(body);
        bufferedBytes += body.length;
      }
      void flush();
    },
    receive: held.receive,
    close() {
      if (isLeaving) return;
      isLeaving = true;
      void flush();
    },
  };
}

function sessionIn({ status, body }: PollingAnswer): string {
  if (status !== 200) throw new CarillonError("connect-failed", { message: `the server answered ${status}` });
  const { sessionId } = JSON.parse(body) as { readonly sessionId?: unknown };
  if (typeof sessionId === "string") return sessionId;
  throw new CarillonError("connect-failed", { message: "the server gave no sessionId" });
}

/** What a poll brought, message for message. @throws unless it is a list */
function framesIn(body: string): readonly CodecFrame[] {
  const list: unknown = JSON.parse(body);
  if (!Array.isArray(list)) throw new CarillonError("bad-request");
  return list.map((item: unknown) => (typeof item === "string" ? decoded(item) : JSON.stringify(item)));
}

/** What is no base64 goes on as it is, and is told to be no message there. */
function decoded(item: string): CodecFrame {
  try {
    return fromBase64(item);
  } catch {
    return item;
  }
}

async function fetched(url: string, { body, ...request }: PollingRequest): Promise<PollingAnswer> {
  const answer = await fetch(url, {
    ...request,
    ...(body !== undefined && { body }),
    cache: "no-store",
  });
  return { status: answer.status, body: await answer.text() };
}
