import { destination, pino, stdSerializers, stdTimeFunctions } from "pino";
import type { Logger } from "../server/logger.ts";
import type { LogLevel } from "./settings.ts";

/** The server's log, and what is only of interest when something is looked for. */
export interface Log extends Logger {
  debug(facts: object, message: string): void;
}

/** One line of JSON per entry, on standard output. */
export function jsonLog(level: LogLevel): Log {
  const { err } = stdSerializers;
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: err, cause: err },
  };
  // At once, so that nothing is lost when the process ends.
  return pino(options, destination({ dest: 1, sync: true }));
}

/** A logger of the application's own. */
export function ownLog(logger: Logger & Partial<Log>): Log {
  return {
    debug: (facts, message) => logger.debug?.(facts, message),
    info: (facts, message) => logger.info(facts, message),
    warn: (facts, message) => logger.warn(facts, message),
    error: (facts, message) => logger.error(facts, message),
  };
}
