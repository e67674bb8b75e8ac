import type { Authenticate, Ending } from "../../engine/application.ts";
import type { Handshake } from "../../engine/handshake.ts";
import type { Later } from "../../engine/later.ts";
import { checkChannelName } from "../../engine/names.ts";
import type { Origins, WebSocketSettings } from "../dialect.ts";
import { OptionChecks } from "../option-checks.ts";
import { socketDefaults, webSocketSettings, type SocketOptions } from "../web-socket-settings.ts";
import type { RtcConnection } from "./connection.ts";
import { handleOf, type HandleMessage, type MessageHandler } from "./registry.ts";

/** How a registry behaves. */
export interface RegistryOptions extends SocketOptions {
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
   * Time between WebSocket pings. `0`: none, and no deadline for pongs.
   *
   * @default 30_000
   */
  readonly pingIntervalMs?: number;
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

const sizes: Required<SocketOptions> = { ...socketDefaults, pingIntervalMs: 30_000 };

const functions = ["checkOrigin", "authenticate", "onConnect", "onDisconnect"] as const;

const known: ReadonlySet<string> = new Set([
  ...Object.keys(sizes),
  ...functions,
  "handleMessage",
  "allowOrigins",
  "channelPrefix",
  "name",
]);

export const checks: OptionChecks = new OptionChecks("go-rtc-lib");

/** @throws {CarillonError} `option-invalid`, naming the option */
export function settingsOf(options: RegistryOptions): Settings {
  checks.names(options, known);
  for (const option of functions) checks.function(option, options[option]);
  const { handleMessage, channelPrefix = "", name, authenticate, onConnect, onDisconnect } = options;
  if (handleMessage !== undefined) checkHandler("handleMessage", handleMessage);
  if (channelPrefix !== "") checkName("channelPrefix", channelPrefix);
  if (name !== undefined) checkName("name", name);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return {
    handle: handleMessage && handleOf(handleMessage),
    authenticate,
    onConnect,
    onDisconnect,
    channelPrefix,
    name,
    origins: originsOf(options),
    webSocket: webSocketSettings(checks, { ...sizes, ...Object.fromEntries(given) }, { silent: {}, slow: {} }),
  };
}

/** @throws {CarillonError} `option-invalid` */
export function checkHandler(what: string, handler: unknown): void {
  const isObject = typeof handler === "object" && handler !== null && "handleMessage" in handler;
  const handle: unknown = isObject ? handler.handleMessage : handler;
  if (typeof handle !== "function") checks.refuse(`${what} must be a function, or an object with handleMessage`);
}

function originsOf({ checkOrigin, allowOrigins }: RegistryOptions): Origins {
  if (checkOrigin && allowOrigins) checks.refuse("give checkOrigin or allowOrigins, not both");
  if (checkOrigin) return checkOrigin;
  if (allowOrigins === undefined) return "server";
  if (!Array.isArray(allowOrigins) || !allowOrigins.every((origin) => typeof origin === "string")) {
    checks.refuse("allowOrigins must be a list of origins");
  }
  const origins = (allowOrigins as readonly string[]).map((origin) => origin.trim());
  if (origins.includes("*")) checks.refuse("allowOrigins has no wildcards; for all: checkOrigin: () => true");
  return origins;
}

function checkName(option: string, value: unknown): void {
  try {
    checkChannelName(value as string);
  } catch {
    checks.refuse(`${option} must be the beginning of a channel's name`);
  }
}
