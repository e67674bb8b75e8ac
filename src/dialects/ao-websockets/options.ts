import type { Origins, WebSocketSettings } from "../dialect.ts";
import { OptionChecks } from "../option-checks.ts";
import { socketDefaults, webSocketSettings, type SocketOptions } from "../web-socket-settings.ts";

/** What the dialect tells of its clients: messages that are none, events that nobody handles, handlers that fail. */
export interface AoLogger {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** How an endpoint of the ao-concepts dialect behaves. Slow clients are closed with 1013. */
export interface AoWebsocketsOptions extends SocketOptions {
  /**
   * What stands before the name of a batched event. Clients that were written for the original listen for `"batch-"`, its
   * documentation says `"batch_"`.
   *
   * @default "batch_"
   */
  readonly batchPrefix?: string;
  /**
   * What becomes of a connection whose client sends what is no message: it is closed with 1007 or 1008 (`"close"`), or the
   * message is ignored (`"keep"`).
   *
   * @default "close"
   */
  readonly malformed?: "close" | "keep";
  /**
   * Which pages may connect: all, unless the server's own `origins` say something (`"any"`); as the server says (`"server"`);
   * those of a list; or as a function says.
   *
   * @default "any"
   */
  readonly origins?: Origins;
  /**
   * Lets clients take part in channels without any code: they join and leave with the events `join` and `leave`, and what they
   * send with a `channel` that they are in reaches everyone there. Channel rules are asked.
   *
   * @default false
   */
  readonly conventions?: boolean;
  /**
   * Where messages that are none, events that nobody handles and failures are logged, the first two once for each connection.
   * Failures reach the server's own logger or its `error` handlers in any case.
   *
   * @default none
   */
  readonly logger?: AoLogger;
}

/** What the original is made from: an application's own container. */
export interface AoContainer {
  getLogger(): AoLogger;
  /** `undefined`: the defaults of {@link AoWebsocketsOptions}. */
  getWebsocketsConfig?(): AoWebsocketsConfig | undefined;
}

/** The configuration in a container: the original's two fields, and everything that is an option here. */
export interface AoWebsocketsConfig extends Omit<AoWebsocketsOptions, "logger"> {
  /** Ignored, as in the original. */
  readonly readBufferSize?: number;
  /** Messages that may wait for a slow client, unless `maxBufferedMessages` says so. */
  readonly writeBufferSize?: number;
}

/** What an endpoint goes by. */
export interface Settings {
  readonly batchPrefix: string;
  readonly keepsMalformed: boolean;
  readonly conventions: boolean;
  readonly origins: Origins;
  readonly logger: AoLogger | undefined;
  readonly webSocket: WebSocketSettings;
}

export const aoWebsocketsDefaults: Required<Omit<AoWebsocketsOptions, "logger">> = {
  ...socketDefaults,
  batchPrefix: "batch_",
  malformed: "close",
  origins: "any",
  conventions: false,
};

const known: ReadonlySet<string> = new Set([...Object.keys(aoWebsocketsDefaults), "logger"]);

export const checks: OptionChecks = new OptionChecks("aoWebsockets");

/** @throws {CarillonError} `option-invalid`, naming the option */
export function settingsOf(source: AoWebsocketsOptions | AoContainer): Settings {
  const options = "getLogger" in source ? optionsIn(source) : source;
  checks.names(options, known);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const effective: typeof aoWebsocketsDefaults & AoWebsocketsOptions = {
    ...aoWebsocketsDefaults,
    ...Object.fromEntries(given),
  };
  const { batchPrefix, malformed, conventions, origins, logger } = effective;
  if (typeof batchPrefix !== "string" || batchPrefix === "") {
    checks.refuse('batchPrefix must be a text such as "batch_" or "batch-"');
  }
  if (malformed !== "close" && malformed !== "keep") checks.refuse('malformed must be "close" or "keep"');
  checks.switch("conventions", conventions);
  checks.origins(origins);
  for (const level of ["info", "warn", "error"] as const) {
    if (logger && typeof logger[level] !== "function") checks.refuse(`the logger needs a function ${level}`);
  }
  return {
    batchPrefix,
    keepsMalformed: malformed === "keep",
    conventions,
    origins,
    logger,
    webSocket: webSocketSettings(checks, effective, {
      silent: { code: 1001, reason: "no pong" },
      slow: { code: 1013, reason: "too slow" },
    }),
  };
}

/** @throws {CarillonError} `option-invalid` for a container without a logger */
function optionsIn(container: AoContainer): AoWebsocketsOptions {
  const logger: AoLogger | undefined = container.getLogger();
  if (!logger) checks.refuse("the container's getLogger() must return a logger");
  const { readBufferSize: _, writeBufferSize, ...config } = container.getWebsocketsConfig?.() ?? {};
  return { ...(writeBufferSize !== undefined && { maxBufferedMessages: writeBufferSize }), ...config, logger };
}
