import { OptionChecks } from "../option-checks.ts";
import type { GoWsOptions } from "./options.ts";
import type { GoWsRateLimit } from "./rate-window.ts";

type Defaulted =
  | "enableWhispers"
  | "middleware"
  | "maxConnections"
  | "maxConnectionsPerIp"
  | "pingIntervalMs"
  | "pongTimeoutMs"
  | "readBufferSize"
  | "writeBufferSize"
  | "maxBufferedBytes"
  | "maxMessageBytes"
  | "readmeFields"
  | "maxListedUsers"
  | "logStats"
  | "staleMs"
  | "origins";

/** The options, with their gaps filled. */
export type GoWsSettings = Omit<GoWsOptions, Defaulted | "rateLimit" | "authProvider"> &
  Required<Pick<GoWsOptions, Defaulted>> & {
    readonly rateLimit: Required<GoWsRateLimit> | undefined;
    /** Who says a number means all addresses; the default spares proxies and tests. */
    readonly countsLoopback: boolean;
  };

export const goWsDefaults = {
  enableWhispers: false,
  middleware: [],
  maxConnections: 1_000,
  maxConnectionsPerIp: 100,
  pingIntervalMs: 30_000,
  pongTimeoutMs: 60_000,
  readBufferSize: 1_024,
  writeBufferSize: 1_024,
  maxBufferedBytes: 8_388_608,
  maxMessageBytes: 524_288,
  readmeFields: true,
  maxListedUsers: 100,
  logStats: false,
  staleMs: 300_000,
  origins: "any",
} as const;

const rateDefaults: Required<GoWsRateLimit> = { messages: 100, intervalMs: 60_000 };

const functions = [
  "authHandler",
  "getUserId",
  "whisperMiddleware",
  "onConnect",
  "onDisconnect",
  "errorHandler",
] as const;
const switches = ["enableWhispers", "readmeFields", "logStats"] as const;
const numbers = {
  maxConnections: 1,
  maxConnectionsPerIp: 1,
  pingIntervalMs: 0,
  pongTimeoutMs: 1,
  readBufferSize: 1,
  writeBufferSize: 1,
  maxBufferedBytes: 1,
  maxMessageBytes: 1,
  maxListedUsers: 0,
  staleMs: 1,
} as const;

const known: ReadonlySet<string> = new Set([
  ...Object.keys(goWsDefaults),
  ...functions,
  "rateLimit",
  "authProvider",
  "tokenSubprotocol",
  "logger",
  "signal",
  "storage",
]);

const checks: OptionChecks = new OptionChecks("goWs");

/** @throws {CarillonError} `option-invalid`, naming the option */
export function goWsSettings(options: GoWsOptions): GoWsSettings {
  checks.names(options, known);
  const given: GoWsOptions = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const { authProvider: _, rateLimit, ...rest } = given;
  const settings: GoWsSettings = {
    ...goWsDefaults,
    ...rest,
    ...providedBy(given),
    countsLoopback: given.maxConnectionsPerIp !== undefined,
    rateLimit: rateLimit === false ? undefined : { ...rateDefaults, ...rateLimit },
  };
  check(settings);
  return settings;
}

function providedBy({ authProvider, authHandler, getUserId }: GoWsOptions): Partial<GoWsOptions> {
  if (authProvider === undefined) return {};
  if (authHandler || getUserId) checks.refuse("authProvider stands for authHandler and getUserId; give it, or them");
  if (typeof authProvider.getUserId !== "function" || typeof authProvider.authorize !== "function") {
    checks.refuse("authProvider must have the functions getUserId and authorize");
  }
  return {
    getUserId: (handshake) => authProvider.getUserId(handshake),
    authHandler: (userId, channel) => authProvider.authorize(userId, channel),
  };
}

function check(settings: GoWsSettings): void {
  for (const name of functions) checks.function(name, settings[name]);
  for (const name of switches) checks.switch(name, settings[name]);
  for (const [name, least] of Object.entries(numbers)) {
    checks.number(name, settings[name as keyof typeof numbers], least);
  }
  checks.origins(settings.origins);
  const { middleware, rateLimit, pingIntervalMs, pongTimeoutMs, logStats, logger, tokenSubprotocol } = settings;
  if (tokenSubprotocol !== undefined && !/^[!#$%&'*+.^`|~\w-]+$/.test(tokenSubprotocol)) {
    checks.refuse("tokenSubprotocol must be a name as RFC 6455 allows for subprotocols");
  }
  if (rateLimit) {
    checks.number("rateLimit.messages", rateLimit.messages, 1);
    checks.number("rateLimit.intervalMs", rateLimit.intervalMs, 1);
  }
  if (!Array.isArray(middleware) || middleware.some((one) => typeof one !== "function")) {
    checks.refuse("middleware must be a list of functions");
  }
  if (pongTimeoutMs <= pingIntervalMs) checks.refuse("pongTimeoutMs must be longer than pingIntervalMs");
  if (logStats && typeof logger?.info !== "function") checks.refuse("logStats needs a logger with a function info");
}
