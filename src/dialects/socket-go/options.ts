import type { Origins } from "../dialect.ts";
import { OptionChecks } from "../option-checks.ts";
import type { Socket } from "./socket.ts";

/** How an endpoint of the socket.go dialect behaves. */
export interface SocketGoOptions {
  /**
   * Clients that may be connected at once, over WebSockets and polling together; one more is answered with 503. `0`: none.
   *
   * @default 100
   */
  readonly maxConnections?: number;
  /**
   * Compresses messages (permessage-deflate) for clients that offer it. Leave it off where secrets and what a stranger wrote
   * travel in one message.
   *
   * @default false
   */
  readonly compression?: boolean;
  /**
   * Messages that may wait for a slow WebSocket; one more closes it with 1000, and they are lost.
   *
   * @default 1_024
   */
  readonly bufferSize?: number;
  /**
   * Bytes that may wait for a slow client, whatever its transport; beyond it the client is closed as with `bufferSize`.
   *
   * @default 16_777_216 // 16 MiB
   */
  readonly maxBufferedBytes?: number;
  /**
   * Time between WebSocket pings. `0`: none.
   *
   * @default 25_000 // 25 seconds
   */
  readonly pingIntervalMs?: number;
  /**
   * How long a pong may take; then the WebSocket is closed.
   *
   * @default 5_000 // 5 seconds
   */
  readonly pingTimeoutMs?: number;
  /**
   * How long a poll waits for something to say. `0`: it is answered at once, as the original does.
   *
   * @default 20_000 // 20 seconds
   */
  readonly pollHoldMs?: number;
  /**
   * What the list in the answer to a poll is made of: messages, or the base64 texts of messages that the original sends.
   *
   * @default "objects"
   */
  readonly pollBodies?: "objects" | "base64";
  /**
   * Messages that may wait for the next poll of a client; one more ends its session, and they are lost.
   *
   * @default 1_000
   */
  readonly pollQueue?: number;
  /**
   * A polling client that neither polls nor sends for so long is gone.
   *
   * @default 60_000 // 1 minute
   */
  readonly sessionIdleMs?: number;
  /**
   * The largest message a client may send; a larger one closes a WebSocket with 1009, and is answered with 413 when it is
   * posted.
   *
   * @default 1_048_576 // 1 MiB
   */
  readonly maxMessageBytes?: number;
  /**
   * Messages of a polling client that may wait to be handled; one more is answered with 503.
   *
   * @default 100
   */
  readonly inboundQueue?: number;
  /**
   * Takes polling requests at `/connect`, `/poll`, `/send` and `/disconnect` of the server's root too, where the original has
   * them.
   *
   * @default true
   */
  readonly rootPaths?: boolean;
  /**
   * Which pages may connect: all, unless the server's own `origins` say something (`"any"`); as the server says (`"server"`);
   * those of a list; or as a function says.
   *
   * @default "any" // all, with one warning, unless the server's own `origins` say which
   */
  readonly origins?: Origins;
  /**
   * Does without any code what the handlers of the original's examples do: clients join and leave rooms with the events `join`
   * and `leave`, and what they send with a `room` that they are in reaches everyone there. Channel rules are asked.
   *
   * @default false
   */
  readonly conventions?: boolean;
  /**
   * Hears the event `error` when a client sends it, as mere data. `connect`, `disconnect` and `error` of clients are heard by
   * nobody else.
   *
   * @default nobody hears it
   */
  readonly onErrorEvent?: (socket: Socket, data: unknown) => unknown;
}

/** Options with everything filled in. */
export type SocketGoSettings = Required<Omit<SocketGoOptions, "onErrorEvent">> & Pick<SocketGoOptions, "onErrorEvent">;

const defaults: SocketGoSettings = {
  maxConnections: 100,
  compression: false,
  bufferSize: 1_024,
  maxBufferedBytes: 16_777_216,
  pingIntervalMs: 25_000,
  pingTimeoutMs: 5_000,
  pollHoldMs: 20_000,
  pollBodies: "objects",
  pollQueue: 1_000,
  sessionIdleMs: 60_000,
  maxMessageBytes: 1_048_576,
  inboundQueue: 100,
  rootPaths: true,
  origins: "any",
  conventions: false,
};

const mayBeZero: ReadonlySet<string> = new Set(["maxConnections", "pingIntervalMs", "pollHoldMs"]);

const known: ReadonlySet<string> = new Set([...Object.keys(defaults), "onErrorEvent"]);

export const checks: OptionChecks = new OptionChecks("socketGo");

/** @throws {CarillonError} `option-invalid`, naming the option */
export function socketGoSettings(options: SocketGoOptions): SocketGoSettings {
  checks.names(options, known);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const effective: SocketGoSettings = { ...defaults, ...Object.fromEntries(given) };
  for (const [name, fallback] of Object.entries(defaults)) {
    const value: unknown = effective[name as keyof SocketGoSettings];
    if (name === "maxConnections" && value === Infinity) continue;
    if (typeof fallback === "number") checks.number(name, value, mayBeZero.has(name) ? 0 : 1);
    else if (typeof fallback === "boolean") checks.switch(name, value);
  }
  const { pollBodies, onErrorEvent, origins } = effective;
  if (pollBodies !== "objects" && pollBodies !== "base64") checks.refuse('pollBodies must be "objects" or "base64"');
  checks.function("onErrorEvent", onErrorEvent);
  checks.origins(origins);
  return effective;
}
