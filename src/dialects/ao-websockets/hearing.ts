import type { LiveConnection } from "../../engine/connection.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Later } from "../../engine/later.ts";
import { isEventName } from "../../engine/names.ts";
import type { Frame } from "../../engine/ports/wire.ts";
import { CarillonError } from "../../errors/carillon-error.ts";
import type { Clients } from "./clients.ts";
import type { AoHandler, AoIncoming, LiveAoConnection } from "./connection.ts";
import { channelEvent, followConvention, publishedIn } from "./conventions.ts";
import { isOrdinary } from "./event-names.ts";
import { harmlessly } from "../harmlessly.ts";
import type { Hooks } from "./hooks.ts";
import { readMessage, type AoPayload, type Malformed } from "./message.ts";
import type { Settings } from "./options.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** Where what clients say is heard. */
export interface Hearing {
  readonly engine: Engine;
  readonly clients: Clients;
  readonly settings: Pick<Settings, "keepsMalformed" | "conventions" | "logger">;
  readonly subscriptions: Subscriptions<AoHandler<never>>;
  readonly unhandled: Hooks<AoIncoming>;
}

/** A frame of a client's. @throws {CarillonError} as {@link Engine.receive} does */
export function hear(hearing: Hearing, connection: LiveConnection, frame: Frame): Later<void> {
  const client = hearing.clients.of(connection);
  if (!client) return undefined;
  const said = readMessage(frame);
  if (said.kind === "malformed") return refuse(hearing, client, said);
  const { event, payload } = said;
  if (isEventName(event)) {
    const channel = hearing.settings.conventions ? publishedIn(connection, event, payload) : undefined;
    const own = (name: string, data: unknown): Later<void> =>
      // Whatever a schema or an interceptor made of it is the application's own.
      handle(hearing, client, { event: name, payload: data as AoPayload | null, connection: client }, channel);
    return hearing.engine.receive(connection, event, payload, undefined, { own, channel });
  }
  // Nobody can have subscribed to a name that is none; the engine's own names mean nothing to it when a client says them.
  if (isOrdinary(event)) return handle(hearing, client, { event, payload, connection: client });
  return unhandled(hearing, client, { event, payload, connection: client });
}

/** What the engine refused, or failed at: clients have no word for it, and stay. */
export function reportUnlessRefused({ engine, clients, settings }: Hearing, error: unknown, of: LiveConnection): void {
  if (error instanceof CarillonError) {
    const client = clients.of(of);
    if (client) logOnce(settings, client, error.message, "a message was refused");
    return;
  }
  engine.report({ error: new CarillonError("internal", { cause: error }), connection: of });
}

/** @param seenIn the channel that interceptors were told */
function handle(hearing: Hearing, client: LiveAoConnection, message: AoIncoming, seenIn?: string): Later<void> {
  const { engine, clients, settings, subscriptions } = hearing;
  const { event, payload } = message;
  const handlers = subscriptions.find(event) as readonly AoHandler[];
  for (const handler of handlers) {
    harmlessly(
      () => handler(message),
      (cause) => clients.failed(client, cause, event),
    );
  }
  const inChannel = settings.conventions ? channelEvent(client.connection, event, payload) : undefined;
  if (inChannel) return followConvention(engine, client.connection, inChannel, seenIn);
  if (handlers.length === 0 && !engine.hears(event)) unhandled(hearing, client, message);
  return undefined;
}

function unhandled({ clients, settings, unhandled: hooks }: Hearing, client: LiveAoConnection, said: AoIncoming): void {
  logOnce(settings, client, said.event.slice(0, 200), "nobody handles an event");
  hooks.run(said, (cause) => clients.failed(client, cause));
}

function refuse({ settings }: Hearing, client: LiveAoConnection, { code, reason }: Malformed): void {
  logOnce(settings, client, reason, "a client sent what is no message");
  if (!settings.keepsMalformed) client.connection.wire.close(code, reason);
}

/** A client may do it as often as it likes, and would fill the log. */
function logOnce({ logger }: Hearing["settings"], client: LiveAoConnection, what: string, message: string): void {
  if (!logger || client.logged?.has(message)) return;
  (client.logged ??= new Set()).add(message);
  logger.warn({ connection: client.id, what }, message);
}
