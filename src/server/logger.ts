/** Where a server writes what an operator should know; pino and its likes fit as they are. */
export interface Logger {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** Without a logger of the application's own: warnings and errors on standard error, and nothing else. */
export const consoleLogger: Logger = {
  info: () => undefined,
  warn: (facts, message) => console.warn(`carillon: ${message}`, facts),
  error: (facts, message) => console.error(`carillon: ${message}`, facts),
};
