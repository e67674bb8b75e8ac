import type { Dialect } from "../dialect.ts";
import { createRegistry } from "./create-registry.ts";
import type { MessageHandler, Registry } from "./registry.ts";

/** The one registry of the process, as the original has it; made when it is first asked for. */
let globalRegistry: Registry | undefined;

/**
 * The registry that all of {@link registerHandler} share. It is part of one server at a time: once that is closed, another one
 * may mount it.
 */
export function getGlobalRegistry(): Registry {
  return (globalRegistry ??= createRegistry());
}

/**
 * A dialect of the global registry, whose clients are handled by this handler.
 *
 * @throws {CarillonError} `option-invalid` for what is no handler
 *
 * @example
 * ```ts
 * const server = createServer({ endpoints: { "/ws": registerHandler((connection, message) => message) } });
 * ```
 */
export function registerHandler(handler: MessageHandler): Dialect {
  return getGlobalRegistry().registerHandler(handler);
}
