import { CarillonError } from "../../errors/carillon-error.ts";
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
  | "logStats"
  | "staleMs"
  | "origins";

/** The options, with their gaps filled. */
export type GoWsSettings = Omit<GoWsOptions, Defaulted | "rateLimit" | "authProvider"> &
  Required<Pick<GoWsOptions, Defaulted>> & { readonly rateLimit: Required<GoWsRateLimit> | undefined };

export const goWsDefaults = {
  enableWhispers: false,
  middleware: [],
  maxConnections: 1_000,
  maxConnectionsPerIp: 100,
  pingIntervalMs: 30_000,
  readBufferSize: 1_024,
  writeBufferSize: 1_024,
  maxBufferedBytes: 8_388_608,
  maxMessageBytes: 524_288,
  readmeFields: true,
  logStats: false,
  staleMs: 300_000,
  origins: "any",
} as const;

const rateDefaults: Required<GoWsRateLimit> = { messages: 100, intervalMs: 60_000 };
const longestPongMs = 30_000;

/** Longer timers fire at once. @see HTML, "timer initialisation steps": the timeout is a signed 32-bit integer */
const maxTimerMs = 2 ** 31 - 1;

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
  staleMs: 1,
} as const;

/** @throws {CarillonError} `option-invalid`, naming the option */
export function goWsSettings(options: GoWsOptions): GoWsSettings {
  const given: GoWsOptions = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const { authProvider, rateLimit, ...rest } = given;
  const { pingIntervalMs = goWsDefaults.pingIntervalMs } = rest;
  const pongTimeoutMs = pingIntervalMs === 0 ? longestPongMs : Math.min(pingIntervalMs, longestPongMs);
  const settings: GoWsSettings = {
    ...goWsDefaults,
    pongTimeoutMs,
    ...rest,
    ...providedBy(given),
    rateLimit: rateLimit === false ? undefined : { ...rateDefaults, ...rateLimit },
  };
  check(settings);
  return settings;
}

function providedBy({ authProvider, authHandler, getUserId }: GoWsOptions): Partial<GoWsOptions> {
  if (authProvider === undefined) return {};
  if (authHandler || getUserId) refuse("authProvider stands for authHandler and getUserId; give it, or them");
  if (typeof authProvider.getUserId !== "function" || typeof authProvider.authorize !== "function") {
    refuse("authProvider must have the functions getUserId and authorize");
  }
  return {
    getUserId: (handshake) => authProvider.getUserId(handshake),
    authHandler: (userId, channel) => authProvider.authorize(userId, channel),
  };
}

function check(settings: GoWsSettings): void {
  for (const name of functions) {
    if (settings[name] !== undefined && typeof settings[name] !== "function") refuse(`${name} must be a function`);
  }
  for (const name of switches) {
    if (typeof settings[name] !== "boolean") refuse(`${name} must be true or false`);
  }
  for (const [name, least] of Object.entries(numbers)) {
    checkNumber(name, settings[name as keyof typeof numbers], least);
  }
  const { middleware, rateLimit, pingIntervalMs, pongTimeoutMs, logStats, logger } = settings;
  const { tokenSubprotocol } = settings;
  if (tokenSubprotocol !== undefined && !/^[!#$%&'*+.^`|~\w-]+$/.test(tokenSubprotocol)) {
    refuse("tokenSubprotocol must be a name as RFC 6455 allows for subprotocols");
  }
  if (rateLimit) {
    checkNumber("rateLimit.messages", rateLimit.messages, 1);
    checkNumber("rateLimit.intervalMs", rateLimit.intervalMs, 1);
  }
  if (!Array.isArray(middleware) || middleware.some((one) => typeof one !== "function")) {
    refuse("middleware must be a list of functions");
  }
  if (pingIntervalMs > 0 && pongTimeoutMs > pingIntervalMs)
    refuse("pongTimeoutMs must not be more than pingIntervalMs");
  if (logStats && typeof logger?.info !== "function") refuse("logStats needs a logger with a function info");
}

function checkNumber(name: string, value: number, least: number): void {
  const most = name.endsWith("Ms") ? maxTimerMs : Number.MAX_SAFE_INTEGER;
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  refuse(`${name} must be a whole number from ${least} to ${most}`);
}

function refuse(message: string): never {
  throw new CarillonError("option-invalid", { message: `goWs: ${message}` });
}
