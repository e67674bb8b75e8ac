import type { Authenticate, Ending } from "../../engine/application.ts";
import type { Handshake } from "../../engine/handshake.ts";
import type { Later } from "../../engine/later.ts";
import { checkChannelName } from "../../engine/names.ts";
import { CarillonError } from "../../errors/carillon-error.ts";
import type { Origins, WebSocketSettings } from "../dialect.ts";
import type { RtcConnection } from "./connection.ts";
import { handleOf, type HandleMessage, type MessageHandler } from "./registry.ts";

/** How a registry behaves. */
export interface RegistryOptions {
  /**
   * Handles what clients send on the paths where the registry itself is mounted; `server.on("message")` hears it, too.
   *
   * @default only `server.on("message")` hears it
   */
  readonly handleMessage?: MessageHandler;
  /**
   * Which pages may connect, instead of the rule that those of the server's own host may. Not with `allowOrigins`.
   *
   * @default as `allowOrigins`, or as the server's `origins` say
   */
  readonly checkOrigin?: (handshake: Handshake) => boolean;
  /**
   * Whose pages may connect besides those of the server's own host: whole origins, without wildcards.
   *
   * @default as the server's `origins` say
   */
  readonly allowOrigins?: readonly string[];
  /**
   * Says who a client is, instead of the server's `authenticate`; `undefined` refuses it, with 1008.
   *
   * @default the server's `authenticate`
   */
  readonly authenticate?: Authenticate;
  /**
   * Called for each connection that is open, before anything it sent is handled.
   *
   * @default nothing
   */
  readonly onConnect?: (connection: RtcConnection) => Later<void>;
  /**
   * Called once for each connection that is gone.
   *
   * @default nothing
   */
  readonly onDisconnect?: (connection: RtcConnection, ending: Ending) => Later<void>;
  /**
   * What the channels of groups are called before the group's own name.
   *
   * @default ""
   */
  readonly channelPrefix?: string;
  /**
   * Registries of the same name on several nodes are one: each hears the others' broadcasts in groups.
   *
   * @default none: it is like no other
   */
  readonly name?: string;
  /**
   * The largest message a client may send, in bytes; a larger one closes the connection with 1009.
   *
   * @default 1_048_576 // 1 MiB
   */
  readonly maxMessageBytes?: number;
  /**
   * Messages that may wait for a slow client; with one more the connection is closed.
   *
   * @default 256
   */
  readonly maxBufferedMessages?: number;
  /**
   * Bytes that may wait for a slow client; beyond it the connection is closed.
   *
   * @default 16_777_216 // 16 MiB
   */
  readonly maxBufferedBytes?: number;
  /**
   * A client that takes nothing of what waits for it for so long is cut off.
   *
   * @default 10_000 // 10 seconds
   */
  readonly writeTimeoutMs?: number;
  /**
   * Time between WebSocket pings. `0`: none, and no deadline for pongs.
   *
   * @default 30_000
   */
  readonly pingIntervalMs?: number;
  /**
   * How long a client may go without a pong; its messages prove nothing. Longer than the time between pings.
   *
   * @default 60_000 // 1 minute
   */
  readonly pongTimeoutMs?: number;
}

/** What a registry goes by. */
export interface Settings {
  readonly handle: HandleMessage | undefined;
  readonly authenticate: RegistryOptions["authenticate"];
  readonly onConnect: RegistryOptions["onConnect"];
  readonly onDisconnect: RegistryOptions["onDisconnect"];
  readonly name: string | undefined;
  readonly channelPrefix: string;
  readonly origins: Origins;
  readonly webSocket: WebSocketSettings;
}

const numbers = {
  maxMessageBytes: 1_048_576,
  maxBufferedMessages: 256,
  maxBufferedBytes: 16_777_216,
  writeTimeoutMs: 10_000,
  pingIntervalMs: 30_000,
  pongTimeoutMs: 60_000,
};

const functions = ["checkOrigin", "authenticate", "onConnect", "onDisconnect"] as const;

/** Longer timers fire at once. @see HTML, "timer initialisation steps": the timeout is a signed 32-bit integer */
const maxTimerMs = 2 ** 31 - 1;

/** @throws {CarillonError} `option-invalid`, naming the option */
export function settingsOf(options: RegistryOptions): Settings {
  const size = sizesOf(options);
  for (const option of functions) checkFunction(option, options[option]);
  const { handleMessage, channelPrefix = "", name, authenticate, onConnect, onDisconnect } = options;
  if (handleMessage !== undefined) checkHandler("handleMessage", handleMessage);
  if (channelPrefix !== "") checkName("channelPrefix", channelPrefix);
  if (name !== undefined) checkName("name", name);
  if (size.pongTimeoutMs <= size.pingIntervalMs) throw invalid("pongTimeoutMs must be longer than pingIntervalMs");
  return {
    handle: handleMessage && handleOf(handleMessage),
    authenticate,
    onConnect,
    onDisconnect,
    channelPrefix,
    name,
    origins: originsOf(options),
    webSocket: {
      maxMessageBytes: size.maxMessageBytes,
      maxBufferedMessages: size.maxBufferedMessages,
      maxBufferedBytes: size.maxBufferedBytes,
      writeTimeoutMs: size.writeTimeoutMs,
      pingMs: size.pingIntervalMs,
      // Counted from the ping, and not from the last pong.
      pongMs: size.pongTimeoutMs - size.pingIntervalMs,
      compressFromBytes: 0,
      needsPongs: true,
      isUnpaced: true,
      silent: {},
      slow: {},
    },
  };
}

/** @throws {CarillonError} `option-invalid` */
export function checkHandler(what: string, handler: unknown): void {
  const isObject = typeof handler === "object" && handler !== null && "handleMessage" in handler;
  const handle: unknown = isObject ? handler.handleMessage : handler;
  if (typeof handle !== "function") throw invalid(`${what} must be a function, or an object with handleMessage`);
}

export function invalid(message: string): CarillonError {
  return new CarillonError("option-invalid", { message: `go-rtc-lib: ${message}` });
}

function sizesOf(options: RegistryOptions): typeof numbers {
  const sizes = { ...numbers };
  for (const name of Object.keys(numbers) as readonly (keyof typeof numbers)[]) {
    const value = options[name] ?? numbers[name];
    const least = name === "pingIntervalMs" ? 0 : 1;
    const most = name.endsWith("Ms") ? maxTimerMs : Number.MAX_SAFE_INTEGER;
    if (!Number.isSafeInteger(value) || value < least || value > most) {
      throw invalid(`${name} must be a whole number from ${least} to ${most}`);
    }
    sizes[name] = value;
  }
  return sizes;
}

function originsOf({ checkOrigin, allowOrigins }: RegistryOptions): Origins {
  if (checkOrigin && allowOrigins) throw invalid("give checkOrigin or allowOrigins, not both");
  if (checkOrigin) return checkOrigin;
  if (allowOrigins === undefined) return "server";
  if (!Array.isArray(allowOrigins) || !allowOrigins.every((origin) => typeof origin === "string")) {
    throw invalid("allowOrigins must be a list of origins");
  }
  const origins = (allowOrigins as readonly string[]).map((origin) => origin.trim());
  if (origins.includes("*")) throw invalid("allowOrigins has no wildcards; for all: checkOrigin: () => true");
  return origins;
}

function checkFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== "function") throw invalid(`${name} must be a function`);
}

function checkName(option: string, value: unknown): void {
  try {
    checkChannelName(value as string);
  } catch {
    throw invalid(`${option} must be the beginning of a channel's name`);
  }
}
