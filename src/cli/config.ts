import type { Server } from "../server/server.ts";
import type { ServerOptions } from "../server/options.ts";
import type { DialectName } from "./dialects.ts";
import type { LogLevel } from "./settings.ts";

export type { DialectName } from "./dialects.ts";
export type { LogLevel } from "./settings.ts";

/** What a file for `--config` exports as its default: the options of `createServer`, those of the command line, and `setup`. */
export interface Config<
  Events extends object = Record<string, unknown>,
  Data extends object = Record<string, unknown>,
> extends ServerOptions<Events, Data> {
  /** @default 8080 */
  readonly port?: number;
  /** @default "127.0.0.1" */
  readonly host?: string;
  /** A file in PEM; a relative path starts at the config file. */
  readonly tlsCert?: string;
  /** A file in PEM; a relative path starts at the config file. */
  readonly tlsKey?: string;
  /**
   * The languages to speak, each on its usual paths. Instead of `endpoints` of your own.
   *
   * @default all of them
   */
  readonly dialects?: readonly DialectName[];
  /**
   * The largest message a client may send. Belongs to the endpoint `/carillon`; with `endpoints` of your own, set it there.
   *
   * @default 65_536 // 64 KiB
   */
  readonly maxMessageBytes?: number;
  /** @default "info" */
  readonly logLevel?: LogLevel;
  /**
   * Serve the demo at `/` and `/languages`.
   *
   * @default true
   */
  readonly demo?: boolean;
  /**
   * Serve metrics for Prometheus at `/metrics`, to everyone who can reach it.
   *
   * @default false
   */
  readonly metrics?: boolean;
  /** Adds handlers and middleware; nobody can connect before it is done. */
  readonly setup?: (server: Server<Events, Data>) => unknown;
}

/**
 * Gives back what it is given, so that an editor and the compiler know what a config file may say.
 *
 * @example
 * ```ts
 * export default defineConfig<{ add: (numbers: { a: number; b: number }) => number }>({
 *   port: 9000,
 *   authenticate: ({ token }) => users.get(token),
 *   setup(server) {
 *     server.on("add", ({ data, reply }) => reply(data.a + data.b));
 *   },
 * });
 * ```
 */
export function defineConfig<
  Events extends object = Record<string, unknown>,
  Data extends object = Record<string, unknown>,
>(config: Config<Events, Data>): Config<Events, Data> {
  return config;
}
