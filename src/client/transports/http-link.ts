import { CarillonError } from "../../errors/carillon-error.ts";
import type { CodecFrame } from "../../protocol/codec.ts";
import { createHeld } from "./held.ts";
import { takeJoined } from "./joining.ts";
import type { Link, TransportRequest } from "./transport.ts";

/** A request that nobody answers is made again so often; the server handles it once. */
const repeats = 2;

/** Larger bodies are not allowed to outlive their page. @see Fetch, "HTTP-network-or-cache fetch": 64 KiB */
const maxKeptAlive = 60_000;

/** What the receiving half of a link has of it. */
export interface HttpPipe {
  readonly isBinary: boolean;
  /** Asks for what comes after the frames that were received. @throws when the link is over */
  get(name: string): Promise<Response>;
  /** The link works in both directions. */
  ready(): void;
  /** A body with one or more frames. */
  frame(frame: CodecFrame): void;
  /** So many frames more were received. */
  count(frames: number): void;
  end(code: number, reason: string): void;
}

/**
 * Opens a link over plain requests, whichever way it receives.
 *
 * @param listen receives for a while; called again and again as long as the link lasts
 * @param keepAliveMs how often the server is told that the client is there; `0`: the way of receiving tells it
 */
export function openHttpLink(
  { url, codec, signal }: TransportRequest,
  listen: (pipe: HttpPipe) => Promise<void>,
  keepAliveMs = 0,
): Promise<Link> {
  const isBinary = typeof codec.encode({ type: "ping" }) !== "string";
  const post: RequestInit = {
    method: "POST",
    headers: { "content-type": isBinary ? "application/vnd.msgpack" : "application/json" },
  };
  const [path, query = ""] = url.replace(/^ws/, "http").split("?");
  const requests = new AbortController();
  const held = createHeld();
  const waiting: CodecFrame[] = [];
  let id = "";
  let timer: ReturnType<typeof setInterval> | undefined;
  let received = 0;
  let sequence = 0;
  let limit = 0;
  let bufferedBytes = 0;
  let isSending = false;
  let isLeaving = false;
  /** The server hears nothing more, but what it said before is still to be fetched. */
  let isDeaf = false;
  let isOver = false;

  const call = (name: string, init: RequestInit, more = ""): Promise<Response> =>
    fetch(`${path!.replace(/\/$/, "")}/${name}?${query}${id && `&link=${id}&after=${received}`}${more}`, {
      credentials: "include",
      signal: requests.signal,
      ...init,
    });
  const end = (code: number, reason: string): void => {
    if (isOver) return;
    isOver = true;
    clearInterval(timer);
    requests.abort();
    held.arrived((handler) => handler.closed(code, reason));
  };
  const broken = (): void => end(1006, "");
  const ask = async (name: string, init: RequestInit, more?: string): Promise<Response> => {
    for (let tries = 0; ; tries += 1) {
      const answer = await call(name, init, more).catch(() => undefined);
      if (answer?.ok) return answer;
      if (answer?.status === 410) {
        if (init.method === "POST") {
          isDeaf = true;
          return answer;
        }
        const ending = await answer.json();
        end(ending.code, ending.reason);
      }
      // 409: another copy of the request was in its way.
      if (isOver || tries === repeats || (answer && answer.status < 500 && answer.status !== 409)) throw new Error();
    }
  };
  const leave = (): void => {
    const gone = (): void => end(1000, "");
    call("close", { ...post, keepalive: true, signal: null }).then(gone, gone);
  };
  /** One request at a time; what is sent meanwhile leaves with the next. */
  const flush = async (): Promise<void> => {
    if (isSending) return;
    isSending = true;
    while (waiting.length > 0 && !isDeaf && !isOver) {
      const body = takeJoined(waiting, codec, limit) as string;
      const keepalive = isLeaving && body.length < maxKeptAlive;
      await ask("send", { ...post, body, keepalive }, `&seq=${++sequence}`).catch(broken);
      bufferedBytes = waiting.reduce((bytes, { length }) => bytes + length, 0);
    }
    isSending = false;
    if (isLeaving && !isOver) leave();
  };

  return new Promise((resolve, reject) => {
    // Without effect once it is ready.
    const fail = (cause: unknown): void => {
      signal.removeEventListener("abort", abort);
      reject(new CarillonError("connect-failed", { cause }));
    };
    const abort = (): void => {
      if (id) leave();
      broken();
      fail(signal.reason);
    };
    const link: Link = {
      subprotocol: codec.subprotocol,
      get bufferedBytes() {
        return bufferedBytes;
      },
      send(frames, maxBytes = 0) {
        if (isOver || isLeaving) return;
        waiting.push(...frames);
        limit = Math.max(limit, maxBytes);
        for (const { length } of frames) bufferedBytes += length;
        void flush();
      },
      receive: held.receive,
      close(code = 1000, reason = "") {
        if (isLeaving) return;
        isLeaving = true;
        // The server takes a link that falls silent for a lost one, and only lost sessions can be resumed.
        if (code === 1000) void flush();
        else end(code, reason);
      },
    };
    const pipe: HttpPipe = {
      isBinary,
      get: (name) => ask(name, { cache: "no-store" }),
      ready() {
        signal.removeEventListener("abort", abort);
        resolve(link);
      },
      frame: (frame) => held.arrived((handler) => handler.frame(frame)),
      count: (frames) => void (received += frames),
      end,
    };
    const run = async (): Promise<void> => {
      const answer = await call("open", post);
      if (!answer.ok) {
        // A date is no number, and not waited for.
        const details = Number(answer.headers.get("retry-after")) * 1_000;
        throw new CarillonError("connect-failed", { message: `the server answered ${answer.status}`, details });
      }
      ({ link: id } = await answer.json());
      if (isOver) return leave();
      if (keepAliveMs > 0) timer = setInterval(() => ask("send", post).catch(broken), keepAliveMs);
      while (!isOver) await listen(pipe).catch(broken);
    };
    if (signal.aborted) return fail(signal.reason);
    signal.addEventListener("abort", abort);
    run().then(fail, fail);
  });
}
