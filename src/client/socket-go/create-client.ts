import { toCarillonError } from "../../errors/carillon-error.ts";
import type { Timer } from "../../platform/clock.ts";
import type { CodecFrame } from "../../protocol/codec.ts";
import type { ConnectOptions } from "../client.ts";
import { connectionClosed, createRedialing, timedOut } from "../foreign/redialing.ts";
import { createHandlers, type AnyHandler } from "../handlers.ts";
import type { SocketGoClient } from "./client.ts";
import type { SocketGoLink } from "./link.ts";
import { messageText, readMessage } from "./message.ts";
import { readSocketGoOptions, type SocketGoClientOptions } from "./options.ts";
import { createOutbox, type Outbox } from "./outbox.ts";

const lifecycleEvents: readonly string[] = ["connect", "disconnect", "error"];

/**
 * Makes a client of the socket.go server at `url`. http and https mean ws and wss; in a browser it may be relative.
 *
 * @throws {CarillonError} `option-invalid`
 *
 * @example
 * ```ts
 * const client = createSocketGoClient("wss://example.com/socket", { reconnect: { attempts: 0 } });
 * client.on("chat", (data) => console.log(data));
 * await client.connect();
 * client.send("chat", "hi");
 * ```
 */
export function createSocketGoClient(url: string | URL, options: SocketGoClientOptions = {}): SocketGoClient {
  const settings = readSocketGoOptions(url, options);
  const { clock } = settings;
  const events = createHandlers();
  const lifecycle = createHandlers();
  const removals: { readonly event: string; readonly handler: AnyHandler; readonly remove: () => void }[] = [];
  const rooms = new Set<string>();
  let outbox: Outbox | undefined;
  let silence: Timer | undefined;
  let id: string | undefined;
  let reconnects = 0;

  const failed = (error: unknown): boolean => lifecycle.call("error", [error, "error"], report);
  const thrown = (error: unknown): void => {
    if (!failed(toCarillonError(error, "handler-failed"))) report(error);
  };
  const tell = (event: string, what: unknown): void => void lifecycle.call(event, [what, event], thrown);

  const heard = (): void => {
    silence?.cancel();
    silence = clock.after(settings.readTimeoutMs, () => redialing.drop(1006, timedOut()));
  };
  const stop = (): void => {
    silence?.cancel();
    outbox?.stop();
    silence = outbox = id = undefined;
  };
  const read = (frame: CodecFrame): void => {
    if (silence) heard();
    try {
      const { event, data } = readMessage(frame);
      if (event === "error") failed(data);
      // The others tell about the client itself, so the server's word does not count.
      else if (!lifecycleEvents.includes(event)) events.call(event, [data, event], thrown);
    } catch (error) {
      failed(error);
    }
  };

  const redialing = createRedialing(
    { ...settings, isPersistent: false },
    {
      opened(link: SocketGoLink, counts) {
        const current = createOutbox(link, settings, () => redialing.drop(1006, timedOut()));
        outbox = current;
        ({ id } = link);
        if (settings.readTimeoutMs > 0 && link.onLife) {
          heard();
          link.onLife(() => {
            if (outbox === current) heard();
          });
        }
        ({ reconnects } = counts);
        for (const room of rooms) current.post(messageText("join", room));
        tell("connect", counts);
      },
      frame: read,
      lost(event) {
        stop();
        if (event.cause) failed(event.cause);
        tell("disconnect", event);
        if (!event.willReconnect) rooms.clear();
      },
      failed,
      gaveUp: () => rooms.clear(),
    },
  );
  const send = (event: string, data?: unknown): void => {
    if (!outbox) throw connectionClosed();
    outbox.post(messageText(event, data));
  };

  return {
    get isConnected() {
      return outbox !== undefined;
    },
    get id() {
      return id;
    },
    get reconnects() {
      return reconnects;
    },
    connect: redialing.connect,
    close() {
      outbox?.flush();
      const gone = redialing.close();
      rooms.clear();
      return gone;
    },
    send,
    on(event: string, handler: AnyHandler) {
      const remove = (lifecycleEvents.includes(event) ? lifecycle : events).on(event, handler);
      const entry = { event, handler, remove };
      removals.push(entry);
      return () => {
        remove();
        if (removals.includes(entry)) removals.splice(removals.indexOf(entry), 1);
      };
    },
    off(event, handler) {
      for (const entry of removals.filter((one) => one.event === event)) {
        if (handler && entry.handler !== handler) continue;
        entry.remove();
        removals.splice(removals.indexOf(entry), 1);
      }
    },
    join(room) {
      if (rooms.has(room)) return;
      outbox?.post(messageText("join", room));
      rooms.add(room);
    },
    leave(room) {
      if (!rooms.has(room)) return;
      outbox?.post(messageText("leave", room));
      rooms.delete(room);
    },
    rooms: () => [...rooms],
    inRoom: (room) => rooms.has(room),
  };
}

/**
 * As {@link createSocketGoClient}, and connects.
 *
 * @throws {CarillonError} `option-invalid`, and as `connect`
 */
export async function connectSocketGo(
  url: string | URL,
  { signal, ...options }: SocketGoClientOptions & ConnectOptions = {},
): Promise<SocketGoClient> {
  const client = createSocketGoClient(url, options);
  await client.connect({ ...(signal && { signal }) });
  return client;
}

/** As the platform reports what is thrown in an event listener; Node has no such thing. */
function report(error: unknown): void {
  globalThis.reportError?.(error);
}
