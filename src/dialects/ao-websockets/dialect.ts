import type { Engine } from "../../engine/engine.ts";
import type { Handshake } from "../../engine/handshake.ts";
import type { Wire } from "../../engine/ports/wire.ts";
import type { Dialect } from "../dialect.ts";
import { SimpleSession } from "../simple-session.ts";
import { BatchedEvents } from "./batches.ts";
import { Clients } from "./clients.ts";
import type { AoConnection, AoFilter, AoHandler, AoIncoming, AoMessage } from "./connection.ts";
import { aoEncoder } from "./encoder.ts";
import { FlushingWire } from "./flushing-wire.ts";
import { hear, reportUnlessRefused, type Hearing } from "./hearing.ts";
import { Hooks } from "./hooks.ts";
import type { AoPayload } from "./message.ts";
import { checks, settingsOf, type AoContainer, type AoWebsocketsOptions } from "./options.ts";
import { PreparedWire, preparedHandshake, type AoSocket } from "./prepared-socket.ts";
import { aoRefusal, shutDown } from "./refusals.ts";
import { Subscriptions } from "./subscriptions.ts";

const dialectName = "ao-websockets";

/** The ao-concepts dialect, and what the server does with its clients. */
export interface AoWebsockets extends Dialect {
  /**
   * Handles an event of all clients, or with `*` as its last marker all events below the marker before it, which is one of
   * them. Handlers are started in the order they were added, and not waited for; what one throws harms no other.
   *
   * @returns the function that takes the handler away
   * @throws {CarillonError} `event-name-invalid` for `""`, `":"`, and a `*` that is not the last marker
   */
  subscribe<Payload = AoPayload | null>(event: string, handler: AoHandler<Payload>): () => void;

  /**
   * Sends a message to all clients of this dialect on this node, or to those for which the filter is true; batched if the
   * event is. To reach those of other dialects and nodes, too: `server.broadcast`, or a channel.
   *
   * @throws {CarillonError} `event-name-invalid`, `payload-invalid`; `option-invalid` before it is mounted
   */
  publish(message: AoMessage, filter?: AoFilter): void;

  /**
   * From here on, messages of this event are collected for each client, and sent together when the first of them has waited
   * for so long, when they are 1,000 or 1 MiB, and when the server closes the connection.
   *
   * @throws {CarillonError} `event-name-invalid`, `option-invalid` for an interval that is not more than 0
   */
  useBatch(event: string, intervalMs: number): void;

  /** The names of the events that are batched. */
  batches(): readonly string[];

  /**
   * How many clients are in, on this node; with a filter, those for which it is true.
   *
   * @throws {CarillonError} `option-invalid` before it is mounted
   */
  countConnections(filter?: AoFilter): number;

  /** Told once of every client that is gone; it is not counted any more. @returns the function that takes the hook away */
  onConnectionClose(hook: (connection: AoConnection) => unknown): () => void;

  /** Told of every event that nobody handles; its client stays. @returns the function that takes the hook away */
  onUnhandled(hook: (message: AoIncoming) => unknown): () => void;

  /**
   * Runs a connection that somebody else has prepared, until it has ended. Nothing happens after `shutdown()`.
   *
   * @throws {CarillonError} `option-invalid`, as a rejection, before it is mounted
   */
  connect(socket: AoSocket): Promise<void>;

  /**
   * Closes all clients with 1001, tells the close hooks of each, forgets the handlers, and takes no client any more. The
   * server goes on with its other dialects.
   *
   * @throws {CarillonError} `option-invalid` before it is mounted
   */
  shutdown(): void;
}

/**
 * The dialect of clients of ao-concepts/websockets: events with an object for a payload, both ways.
 *
 * @param options the options, or an application's container as the original takes it
 * @throws {CarillonError} `option-invalid`
 *
 * @example
 * ```ts
 * const websockets = aoWebsockets({ batchPrefix: "batch-" });
 * websockets.subscribe("chat:*", ({ event, payload, connection }) => connection.publish({ event, payload }));
 * const server = createServer({ endpoints: { "/ao": websockets } });
 * ```
 */
export function aoWebsockets(options: AoWebsocketsOptions | AoContainer = {}): AoWebsockets {
  const settings = settingsOf(options);
  const encoder = aoEncoder(settings.batchPrefix);
  const batched = new BatchedEvents();
  const closeHooks = new Hooks<AoConnection>();
  const unhandled = new Hooks<AoIncoming>();
  const subscriptions = new Subscriptions<AoHandler<never>>();
  const prepared = new Set<SimpleSession>();
  let mounted: Hearing | undefined;

  function current(): Hearing {
    if (mounted) return mounted;
    return checks.refuse('mount it first: createServer({ endpoints: { "/ao": … } })');
  }

  function mountedOn(engine: Engine): Hearing {
    if (mounted && mounted.engine !== engine) checks.refuse("it is part of another server; make one for each");
    const { batchPrefix, logger } = settings;
    const clients = mounted?.clients ?? new Clients({ engine, batchPrefix, batched, closeHooks, logger });
    return (mounted ??= { engine, clients, settings, subscriptions, unhandled });
  }

  function begin(hearing: Hearing, wire: Wire, handshake: Handshake): SimpleSession {
    const { engine, clients } = hearing;
    const flushing = new FlushingWire(wire);
    return new SimpleSession({
      engine,
      wire: flushing,
      handshake,
      dialect: dialectName,
      encoder,
      opened(connection) {
        if (clients.isShutDown) {
          wire.close(1001);
          return;
        }
        const { batches } = clients.join(connection);
        flushing.flush = () => batches.flush();
      },
      heard: (frame, connection) => hear(hearing, connection, frame),
      failed: (error, connection) => reportUnlessRefused(hearing, error, connection),
      refused: ({ code }) => wire.close(1008, code),
      ended: (connection) => clients.left(connection),
      farewell: { code: 1001 },
    });
  }

  return {
    name: dialectName,
    origins: settings.origins,
    mount(engine) {
      const hearing = mountedOn(engine);
      return {
        webSocket: settings.webSocket,
        refuse: aoRefusal,
        route: () => (hearing.clients.isShutDown ? shutDown : { kind: "open" }),
        open: (wire, handshake) => begin(hearing, wire, handshake),
        close() {
          for (const session of prepared) session.drain();
        },
      };
    },
    subscribe: (event, handler) => subscriptions.add(event, handler),
    publish: (message, filter) => current().clients.publish(message, filter),
    useBatch: (event, intervalMs) => batched.add(event, intervalMs),
    batches: () => batched.names,
    countConnections: (filter) => current().clients.count(filter),
    onConnectionClose: (hook) => closeHooks.add(hook),
    onUnhandled: (hook) => unhandled.add(hook),
    async connect(socket) {
      const hearing = current();
      if (hearing.clients.isShutDown) return;
      const wire = new PreparedWire(socket, hearing.engine.clock);
      const session = begin(hearing, wire, preparedHandshake(socket));
      prepared.add(session);
      await wire.serve(session);
      prepared.delete(session);
    },
    shutdown() {
      current().clients.shutdown();
      subscriptions.clear();
    },
  };
}
