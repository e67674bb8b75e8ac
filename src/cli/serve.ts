import { metrics } from "../metrics/metrics.ts";
import { createHttpServer, listen, shut, type Listening } from "../server/http-server.ts";
import { createServer, type Server } from "../server/server.ts";
import type { Config } from "./config.ts";
import { demoEndpointsFor, endpointsFor } from "./dialects.ts";
import type { Log } from "./log.ts";
import { loadPages } from "./pages.ts";
import { routes } from "./routes.ts";
import type { Settings } from "./settings.ts";
import { readTls } from "./tls-files.ts";
import { UsageError } from "./usage-error.ts";
import { welcomeVisitor } from "./visitors.ts";

/** One place where clients connect. */
export interface ServedEndpoint {
  readonly url: string;
  readonly dialect: string;
}

/** A server that is listening. */
export interface Serving extends Listening {
  /** Where clients connect, and the dialect that is spoken there. */
  readonly endpoints: readonly ServedEndpoint[];
  /** Says that it is not ready any more, ends all connections, and stops listening. */
  stop(): Promise<void>;
}

/**
 * Composes the standalone server and lets it listen.
 *
 * @throws {UsageError} for files and options that do not work
 * @throws {CarillonError} `option-invalid`, `listen-failed`
 */
export async function serve(settings: Settings, config: Config, log: Log): Promise<Serving> {
  const { port, host, origins, demo, metrics: showsMetrics } = settings;
  const tls = readTls(settings);
  const endpoints = config.endpoints ?? endpointsFor(settings);
  const server = createServer({
    ...serverOptions(config),
    endpoints: { ...endpoints, ...(demo && !config.endpoints && demoEndpointsFor(settings)) },
    ...(origins && { origins }),
    logger: log,
    authenticate: config.authenticate ?? welcomeVisitor,
  });
  logConnections(server, log);
  await config.setup?.(server);

  const pages = loadPages({ demo });
  const httpServer = createHttpServer(
    tls,
    routes({
      pages,
      endpoints: Object.keys(endpoints),
      health: () => server.health(),
      ...(showsMetrics && { metrics: () => metrics(server) }),
    }),
  );
  server.attach(httpServer);
  warn(config, pages.has("/carillon.js") && pages.has("/") === demo, log);
  const listening = await listen(httpServer, { port, host, ...(tls && { tls }) });

  return {
    ...listening,
    endpoints: Object.entries(endpoints).map(([path, dialect]) => ({
      url: `${listening.url.replace("http", "ws").slice(0, -1)}${path}`,
      dialect: dialect.name,
    })),
    async stop() {
      await server.close();
      shut(httpServer);
    },
  };
}

/** What is left for `createServer` when the command has taken what is its own. */
function serverOptions(config: Config): Omit<Config, keyof Settings | "setup"> {
  const {
    port,
    host,
    tlsCert,
    tlsKey,
    dialects,
    origins,
    maxMessageBytes,
    logLevel,
    demo,
    metrics: _,
    setup,
    ...options
  } = config;
  if (options.endpoints && maxMessageBytes !== undefined) {
    throw new UsageError("maxMessageBytes has no effect beside endpoints; give it to the dialect there");
  }
  if (options.endpoints && dialects !== undefined) {
    throw new UsageError("dialects has no effect beside endpoints; leave out there what is not to be spoken");
  }
  return options;
}

function logConnections(server: Server, log: Log): void {
  server.on("connect", ({ connection: { id, userId, dialect, handshake } }) => {
    log.debug({ connection: id, user: userId, dialect, ip: handshake.ip }, "connected");
  });
  server.on("disconnect", ({ connection: { id }, code, reason }) => {
    log.debug({ connection: id, code, reason }, "disconnected");
  });
}

function warn({ authenticate }: Config, isBuilt: boolean, log: Log): void {
  if (!authenticate)
    log.warn(
      {},
      "everyone may connect, under any name they like, and join every channel but private-*; to change that, set authenticate in --config",
    );
  if (!isBuilt) log.warn({}, "the demo page and the SDK are not built; to serve them, run: npm run build");
}
