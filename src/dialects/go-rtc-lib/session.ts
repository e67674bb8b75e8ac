import { harmlessly } from "../harmlessly.ts";
import type { Ending } from "../../engine/application.ts";
import type { LiveConnection } from "../../engine/connection.ts";
import type { Handshake } from "../../engine/handshake.ts";
import { isPending, type Later } from "../../engine/later.ts";
import type { Wire } from "../../engine/ports/wire.ts";
import { CarillonError } from "../../errors/carillon-error.ts";
import type { Session } from "../dialect.ts";
import { SimpleSession } from "../simple-session.ts";
import type { LiveRtcConnection } from "./connection.ts";
import { dialectName } from "./encoder.ts";
import type { Hub } from "./hub.ts";
import { plainEvent } from "./meaning.ts";
import { isContent, type Content } from "./messages.ts";
import type { Settings } from "./options.ts";
import type { HandleMessage, Registry } from "./registry.ts";

/** What the sessions of one path go by. */
export interface SessionHost {
  readonly hub: Hub;
  readonly settings: Settings;
  readonly registry: Registry;
  readonly handle: HandleMessage | undefined;
}

/** Begins one client's conversation. */
export function beginSession(host: SessionHost, wire: Wire, handshake: Handshake): Session {
  const { hub, settings } = host;
  const { engine } = hub;
  let connection: LiveRtcConnection | undefined;

  function entered(live: LiveConnection): void {
    connection = hub.enter(live);
    const { onConnect } = settings;
    if (onConnect) run(live, () => onConnect(connection!));
  }

  function ended(live: LiveConnection, ending: Ending): void {
    hub.left(live.id);
    const { onDisconnect } = settings;
    if (connection && onDisconnect) run(live, () => onDisconnect(connection!, ending));
  }

  /** Calls a hook of the application's; nobody waits for it. */
  function run(live: LiveConnection, hook: () => Later<void>): void {
    harmlessly(hook, (cause) =>
      engine.report({ error: new CarillonError("handler-failed", { cause }), connection: live }),
    );
  }

  return new SimpleSession({
    engine,
    wire,
    handshake,
    dialect: dialectName,
    encoder: hub.encoder,
    authenticate: settings.authenticate,
    // Once it is among all connections, so that the hook can talk to everyone.
    opened: (live) => live.whenOpen(() => entered(live)),
    heard: (content, live) => (connection?.isOpen ? hear(host, connection, live, content) : undefined),
    failed: (cause, live) => {
      // What was refused has no answer in this dialect.
      if (!(cause instanceof CarillonError)) run(live, () => Promise.reject(cause));
    },
    refused: (_, refusedWire) => refusedWire.close(1008),
    ended,
    farewell: {},
  });
}

/** One message: for the handler, and for the server's own. */
function hear(
  { hub, registry, handle }: SessionHost,
  connection: LiveRtcConnection,
  live: LiveConnection,
  said: Content,
): Later<void> {
  const { engine } = hub;

  function failed(cause: unknown): void {
    // What makes no sense is the client's mistake, and no failure of the application's.
    const isMistake = cause instanceof CarillonError && cause.code === "bad-request";
    const error = new CarillonError("handler-failed", { cause });
    if (!isMistake) engine.report({ error, connection: live, event: plainEvent });
    hub.close(connection);
  }

  function answer(reply: unknown): void {
    if (reply === undefined || reply === null) return;
    if (isContent(reply)) live.wire.send([reply]);
    else failed(new TypeError("a handler returns text, bytes or nothing"));
  }

  function handled(content: Content): Later<void> {
    const done = (): void => {
      connection.isHeard = false;
    };
    connection.isHeard = true;
    try {
      const reply: Later<unknown> = handle!(connection, content, registry);
      if (isPending(reply)) return reply.then(answer).catch(failed).finally(done);
      answer(reply);
    } catch (cause) {
      failed(cause);
    }
    return done();
  }

  /** An interceptor may have made something else of it. */
  function own(_: string, data: unknown): Later<void> {
    const text: string | undefined = isContent(data) ? undefined : JSON.stringify(data);
    return handled(isContent(data) ? data : (text ?? ""));
  }

  return engine.receive(live, plainEvent, said, undefined, { own: handle && own });
}
