export { goWs, type GoWs } from "./dialect.ts";
export type { GoWsBroadcast } from "./hub.ts";
export type { GoWsClient } from "./client.ts";
export {
  AuthError,
  ConnectionError,
  RateLimitError,
  WhisperError,
  type GoWsError,
  type GoWsErrorFacts,
} from "./errors.ts";
export type { AuthProvider, GoWsOptions, StatsLogger, Whisper } from "./options.ts";
export type { GoWsRateLimit } from "./rate-window.ts";
export type { GoWsStats } from "./stats.ts";
export type { ClientRecord, GoWsStorage } from "./storage.ts";
export type { UpgradeMiddleware, UpgradeRefusal } from "./upgrade.ts";
