import { destination, pino, stdSerializers, stdTimeFunctions } from "pino";
import type { Logger } from "../server/logger.ts";
import { redactFacts, redactText, redacting } from "../server/redact.ts";
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
  return safe(pino(options, destination({ dest: 1, sync: true })));
}

/** A logger of the application's own. */
export function ownLog(logger: Logger & Partial<Log>): Log {
  return safe(logger);
}

/** The server's log is told no secrets; what the command itself adds should hold none either. */
function safe(logger: Logger & Partial<Log>): Log {
  return {
    ...redacting(logger),
    debug: (facts, message) => logger.debug?.(redactFacts(facts), redactText(message)),
  };
}
