import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import { memoryBroker } from "../brokers/memory.ts";
import { native } from "../dialects/native/dialect.ts";
import type { Middleware } from "../engine/application.ts";
import { checkNumber } from "../engine/check-number.ts";
import { ChannelRules, type ChannelRule } from "../engine/channel-rules.ts";
import type { Connection, LiveConnection } from "../engine/connection.ts";
import { Engine } from "../engine/engine.ts";
import type { Published } from "../engine/publishing.ts";
import { CarillonError } from "../errors/carillon-error.ts";
import { closeCodes } from "../errors/close-codes.ts";
import type { EventName, Payload } from "../events/event-map.ts";
import { systemClock } from "../platform/clock.ts";
import { systemRandom } from "../platform/random.ts";
import { OutboundBudget } from "../transports/outbound-budget.ts";
import { Admission } from "./admission.ts";
import { attach } from "./attach.ts";
import { Batches, type BatchOptions } from "./batches.ts";
import { checkOptions } from "./check-options.ts";
import { clientAddress } from "./client-address.ts";
import { Endpoints } from "./endpoints.ts";
import type { ConnectEvent, ServerOn } from "./events.ts";
import { HealthWatch, type Health } from "./health.ts";
import { createHttpServer, listen, listenOptions, shut, type Listening, type ListenOptions } from "./http-server.ts";
import { hosting, type Hosting } from "./hosting.ts";
import { effectiveLimits, outboundLimit } from "./limits.ts";
import { Lifecycle } from "./lifecycle.ts";
import { consoleLogger } from "./logger.ts";
import { messageRate } from "./message-rate.ts";
import type { ServerOptions } from "./options.ts";
import { oversight, type Oversight } from "./oversight.ts";
import {
  exceptOf,
  refuseExcept,
  serverChannel,
  serverChannels,
  settled,
  type PublishOptions,
  type ServerChannel,
  type ServerChannels,
} from "./server-channel.ts";
import { redacting } from "./redact.ts";
import { Sessions } from "./sessions.ts";
import { sparing } from "./sparing.ts";
import { readStats, type ServerStats } from "./stats.ts";

/** How the server speaks to everyone. */
export interface BroadcastOptions<Events extends object, Data extends object> extends PublishOptions {
  /** Only connections that it accepts; asked on this node, about this node's connections. */
  readonly filter?: (connection: Connection<Events, Data>) => boolean;
}

/** How a server ends. */
export interface CloseOptions {
  /**
   * How long clients may take to leave before they are cut off.
   *
   * @default 5_000 // 5 seconds
   */
  readonly timeoutMs?: number;
}

/** A realtime messaging server. */
export interface Server<Events extends object = Record<string, unknown>, Data extends object = Record<string, unknown>>
  extends Oversight<Events, Data>, Hosting {
  /**
   * Handles `connect`, `disconnect`, `error`, an event that clients send or request, or a pattern of events (`"user:*"`).
   *
   * All handlers of an event run, in the order they were added, also for clients that are connected already. What one
   * throws harms no other: a `CarillonError` answers the client that waits, anything else reaches `error`.
   *
   * @returns the function that takes the handler away
   * @throws {CarillonError} `option-invalid` without a function, as all that takes one
   */
  readonly on: ServerOn<Events, Data>;

  /**
   * Told when a client's link is lost and its session waits for it: the connection stays open, what is sent to it is kept.
   * Either `resume` follows, or `disconnect` when it did not come back in time.
   *
   * @returns the function that takes the handler away
   */
  onSuspend(handler: (event: ConnectEvent<Events, Data>) => unknown): () => void;

  /** Told when a client is back. @returns the function that takes the handler away */
  onResume(handler: (event: ConnectEvent<Events, Data>) => unknown): () => void;

  /** Adds middleware around every new connection. A client is in once `next()` was called, and refused if it is not. */
  use(middleware: Middleware<Connection<Events, Data>>): void;

  /** A channel; several: whoever is in more than one of them hears things once. */
  channel(name: string): ServerChannel<Events>;
  channel(names: readonly string[]): ServerChannels<Events>;

  /**
   * Sends an event to everyone, on every node.
   *
   * @throws {CarillonError} `event-name-invalid`; rejects with `broker-unavailable`
   */
  broadcast<Name extends EventName<Events>>(
    event: Name,
    data?: Payload<Events[Name]>,
    options?: BroadcastOptions<Events, Data>,
  ): Promise<void>;

  /**
   * From here on, what the server publishes or broadcasts of this event is collected and sent together.
   *
   * @throws {CarillonError} `option-invalid`
   */
  batch(event: EventName<Events>, options: BatchOptions): void;

  /** This node's connections that are open. */
  readonly connections: readonly Connection<Events, Data>[];
  connection(id: string): Connection<Events, Data> | undefined;

  /**
   * Closes all connections of a user, on every node; an anonymous one is named by its connection's id.
   *
   * @throws {CarillonError} as {@link Connection.close} does; rejects with `broker-unavailable`
   */
  disconnectUser(userId: string, code?: number, reason?: string): Promise<void>;
  stats(): ServerStats;

  /** Whether new clients should come here, and what is wrong if not. The event loop is watched from the first call on. */
  health(): Health;

  /**
   * Opens an http or https server of its own. A server that was closed cannot listen again.
   *
   * @param options the port, or everything
   * @throws {CarillonError} `listen-failed`, `option-invalid`, `broker-unavailable`, `closed`
   */
  listen(options?: number | ListenOptions): Promise<Listening>;

  /**
   * Serves its paths on an application's own http server, and leaves all other requests and upgrades to the listeners that
   * were there before.
   *
   * @returns the function that takes it off again
   * @throws {CarillonError} `option-invalid` for an application that is no http server, `closed`
   */
  attach(httpServer: HttpServer): () => void;

  /** Whether new clients are taken; `false` from the beginning of `close` on. */
  readonly isReady: boolean;

  /**
   * Takes no more clients; lets those that are there go, with answers to all they had asked, at moments of their own, to come
   * back elsewhere; then lets go of everything.
   *
   * @throws {CarillonError} rejects with `option-invalid`, and goes on as before
   */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Makes a server. It serves nobody until it listens or is attached.
 *
 * @throws {CarillonError} `option-invalid`
 *
 * @example
 * ```ts
 * const server = createServer({ channels: { "news": { publish: "server" } } });
 * server.on("connect", ({ connection }) => connection.send("hello", { id: connection.id }));
 * await server.listen(8080);
 * ```
 */
export function createServer<
  Events extends object = Record<string, unknown>,
  Data extends object = Record<string, unknown>,
>(options: ServerOptions<Events, Data> = {}): Server<Events, Data> {
  checkOptions(options);
  const { clock = systemClock, random = systemRandom } = options;
  const logger = sparing(redacting(options.logger ?? consoleLogger), clock);
  const limits = effectiveLimits(options.limits);
  // The engine knows no application's types; here, once, they are let go of, and `Server` gives them back.
  const lifecycle = new Lifecycle(options as ServerOptions, logger, (error) => watch.failed(error));
  const rules = new ChannelRules((options.channels ?? {}) as Readonly<Record<string, ChannelRule>>);
  const broker = options.broker ?? memoryBroker({ clock, random });
  const engine = new Engine({ broker, rules, application: lifecycle, limits, clock, random });
  const sessions = new Sessions();
  const dialects = options.endpoints ?? { "/carillon": native() };
  const budget = new OutboundBudget(outboundLimit(options.maxBufferedBytes));
  const admission = new Admission({ options: options.admission, clock, random, logger });
  const gates = {
    origins: options.origins,
    addressOf: clientAddress(options.trustProxy, logger),
    admission,
    rate: messageRate(options.messageRate),
  };
  const endpoints = new Endpoints({ dialects, engine, sessions, logger, budget, ...gates });
  const batches = new Batches<Published>(clock, async (event, channel, items) => {
    if (channel !== undefined) return engine.publish(engine.compose({ channel, event, data: items, batch: true }));
    await engine.signal({ kind: "event", event, data: items, batch: true });
    return { id: random.uuid(), position: undefined };
  });
  const watch = new HealthWatch({
    options: options.health,
    clock,
    isReady: () => isReady,
    published: () => engine.stats().published,
    probe: () => engine.probe(),
  });
  const started = settled(engine.start());
  watch.starting(started);
  const httpServers = new Set<HttpServer>();
  const detachers = new Set<() => void>();
  let closed: Promise<void> | undefined;
  let isReady = true;

  function channel(name: string): ServerChannel<Events>;
  function channel(names: readonly string[]): ServerChannels<Events>;
  function channel(names: string | readonly string[]): ServerChannel<Events> | ServerChannels<Events> {
    return typeof names === "string" ? serverChannel(engine, batches, names) : serverChannels(engine, batches, names);
  }

  const checkReady = (): void => {
    if (!isReady) throw new CarillonError("closed", { message: "a server that was closed stays so; make a new one" });
  };

  const server: Server<Events, Data> = {
    ...oversight(lifecycle, engine),
    ...hosting(endpoints),
    on: lifecycle.on,
    onSuspend: (handler) => lifecycle.onOwn("suspend", handler),
    onResume: (handler) => lifecycle.onOwn("resume", handler),
    use: (middleware) => lifecycle.use(middleware as unknown as Middleware<LiveConnection>),
    channel,
    broadcast(event, data, broadcast = {}) {
      if (batches.has(event)) {
        refuseExcept(broadcast);
        return settled(batches.add(event, undefined, data).then(() => undefined));
      }
      const { except, filter } = broadcast;
      if (!filter) return settled(engine.signal({ kind: "event", event, data, ...exceptOf(broadcast) }));
      const accepts = filter as unknown as (connection: LiveConnection) => boolean;
      engine.sendWhere(event, data, (connection) => connection.id !== except?.id && accepts(connection));
      return Promise.resolve();
    },
    batch: (event, batch) => batches.declare(event, batch),
    get connections() {
      return [...engine.connections()] as unknown as readonly Connection<Events, Data>[];
    },
    disconnectUser: (user, code = closeCodes.disconnected.code, reason = "") =>
      settled(engine.signal({ kind: "disconnect", user, code, reason })),
    connection: (id) => engine.connection(id) as unknown as Connection<Events, Data> | undefined,
    stats: () => readStats({ engine, budget, ...gates }),
    health: () => watch.health(),
    async listen(where = {}) {
      const address = listenOptions(where);
      checkReady();
      await started;
      const httpServer = createHttpServer(address.tls, notFound);
      attach(httpServer, endpoints);
      const listening = await listen(httpServer, address);
      httpServers.add(httpServer);
      // It was closed meanwhile.
      if (!isReady) shut(httpServer);
      checkReady();
      return listening;
    },
    attach(httpServer) {
      checkReady();
      const detach = attach(httpServer, endpoints);
      const once = (): void => {
        if (detachers.delete(once)) detach();
      };
      detachers.add(once);
      return once;
    },
    get isReady() {
      return isReady;
    },
    async close({ timeoutMs = 5_000 } = {}) {
      checkNumber("close", "timeoutMs", timeoutMs, 0);
      isReady = false;
      closed ??= (async () => {
        endpoints.close();
        batches.flushAll();
        await sessions.drain({ clock, random, timeoutMs });
        endpoints.end();
        for (const httpServer of httpServers) shut(httpServer);
        for (const detach of detachers) detach();
        watch.close();
        await engine.close();
      })();
      await closed;
    },
  };
  return server;
}

function notFound(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(404, { "Content-Type": "text/plain; charset=utf-8" }).end("nothing is served here\n");
}
