import { toCarillonError } from "../../errors/carillon-error.ts";
import { objectsIn } from "../foreign/lines.ts";
import { createRedialing } from "../foreign/redialing.ts";
import { createHandlers } from "../handlers.ts";
import type { Link } from "../transports/transport.ts";
import { createEchoChannel, type EchoChannel, type HeardChannel } from "./channel.ts";
import { readEchoOptions, type EchoOptions } from "./options.ts";

/** What happens to the client itself, and every message of the server. */
export interface EchoEvents {
  readonly connected: undefined;
  /** Every message, also those that belong to no channel. */
  readonly message: Readonly<Record<string, unknown>>;
  /** A connection ended. */
  readonly disconnected: { readonly code: number; readonly reason: string };
  /** A try has failed, a message could not be read, a listener has thrown, or the server says that something went wrong. */
  readonly error: unknown;
  /** There will be no further try until `connect()`. */
  readonly "reconnect-failed": undefined;
}

/** A client of a go-ws server. */
export interface Echo {
  readonly connected: boolean;
  /** Connects, and goes on trying after failures as the options say. Does nothing while it connects or is connected. */
  connect(): void;
  /** Ends the connection; channels stay, and are subscribed to again by the next `connect()`. */
  disconnect(): void;
  /** Subscribes, once however often it is called, and after every reconnect. */
  subscribe(channel: string): EchoChannel;
  /** As {@link subscribe}. */
  channel(channel: string): EchoChannel;
  /** Subscribes to `private-` and the name. */
  private(name: string): EchoChannel;
  /** Subscribes to `presence-` and the name. */
  presence(name: string): EchoChannel;
  /** Unsubscribes, and drops the channel's listeners. @param channel its full name, with the prefix */
  leave(channel: string): void;
  /** @returns the function that takes the handler away */
  on<Name extends keyof EchoEvents>(event: Name, handler: (what: EchoEvents[Name]) => unknown): () => void;
}

/**
 * Makes a client in the manner of the Echo clients of go-ws. It connects with `connect()`.
 *
 * @throws {CarillonError} `option-invalid`
 *
 * @example
 * ```ts
 * const echo = createEcho({ url: "https://example.com", token: "t-123" });
 * echo.private("orders").listen("shipped", (data) => console.log(data));
 * echo.connect();
 * ```
 */
export function createEcho(options: EchoOptions = {}): Echo {
  const settings = readEchoOptions(options);
  const handlers = createHandlers();
  const channels = new Map<string, HeardChannel>();
  let link: Link | undefined;

  const thrown = (error: unknown): void => {
    if (!handlers.call("error", [error], report)) report(error);
  };
  const tell = (event: keyof EchoEvents, what?: unknown): void => void handlers.call(event, [what], thrown);
  const send = (message: object): boolean => {
    link?.send([JSON.stringify(message)]);
    return link !== undefined;
  };
  const read = (message: Readonly<Record<string, unknown>>): void => {
    tell("message", message);
    if (message["type"] === "error") tell("error", message);
    channels.get(String(message["channel_name"]))?.read(message);
  };

  const redialing = createRedialing(settings, {
    opened(opened) {
      link = opened;
      for (const channel of channels.keys()) send({ action: "subscribe", channel });
      tell("connected");
    },
    frame(frame) {
      for (const message of objectsIn(frame, (error) => tell("error", toCarillonError(error, "bad-request")))) {
        read(message);
      }
    },
    lost({ code, reason }) {
      link = undefined;
      tell("disconnected", { code, reason });
    },
    failed: (error) => tell("error", error),
    gaveUp: () => tell("reconnect-failed"),
  });

  const subscribe = (name: string): EchoChannel => {
    const known = channels.get(name);
    if (known) return known.channel;
    const made = createEchoChannel(name, send, thrown);
    channels.set(name, made);
    send({ action: "subscribe", channel: name });
    return made.channel;
  };
  return {
    get connected() {
      return link !== undefined;
    },
    // What goes wrong reaches the events.
    connect: () => void redialing.connect().catch(() => {}),
    disconnect: () => void redialing.close(),
    subscribe,
    channel: subscribe,
    private: (name) => subscribe(`private-${name}`),
    presence: (name) => subscribe(`presence-${name}`),
    leave(channel) {
      if (channels.delete(channel)) send({ action: "unsubscribe", channel });
    },
    on: (event, handler) => handlers.on(event, handler),
  };
}

/** As the platform reports what is thrown in an event listener; Node has no such thing. */
function report(error: unknown): void {
  globalThis.reportError?.(error);
}
