import type { LiveConnection } from "../../engine/connection.ts";
import type { Engine } from "../../engine/engine.ts";
import { andThen, isPending, type Later } from "../../engine/later.ts";
import { toCarillonError } from "../../errors/carillon-error.ts";
import { isObject } from "../payload.ts";
import { published } from "./encoder.ts";
import type { Message } from "./message.ts";
import { beginIn } from "./rooms.ts";

const invalidRoom = "Invalid room name";

/** Where an event is published. @returns `undefined` for one that is not */
export function publishedIn(connection: LiveConnection, { event, data }: Message): string | undefined {
  if (event === "join" || event === "leave" || event === "ping") return undefined;
  const room = isObject(data) ? data["room"] : undefined;
  return typeof room === "string" && connection.subscriptions.has(room) ? room : undefined;
}

/**
 * What the handlers of the original's examples do with an event, after the application's own handlers.
 *
 * @param seenIn the room that interceptors were told
 */
export function followConventions(
  engine: Engine,
  connection: LiveConnection,
  message: Message,
  seenIn?: string,
): Later<void> {
  const { event, data } = message;
  if (event === "join") return join(engine, connection, data);
  if (event === "leave") {
    if (typeof data === "string") engine.leave(connection, data);
    return undefined;
  }
  // The original's page wants its own words back, as a sign of life.
  if (event === "ping") return tell(connection, event, data);
  const room = publishedIn(connection, message);
  if (room === undefined) return undefined;
  const { event: name, source } = published(event);
  const terms = { source, isSourceDataless: true, isIntercepted: room === seenIn };
  return toldIfRefused(connection, () => engine.publishFrom(connection, { channel: room, event: name, data }, terms));
}

function join(engine: Engine, connection: LiveConnection, room: unknown): Later<void> {
  if (typeof room !== "string") return tell(connection, "error", invalidRoom);
  if (connection.subscriptions.has(room)) return undefined;
  return toldIfRefused(connection, () =>
    andThen(engine.join(connection, room), (joined) => {
      beginIn(connection, room, joined);
      const data = { userId: connection.member.user, room };
      return engine.publish(engine.compose({ channel: room, event: "userJoined", data }));
    }),
  );
}

function toldIfRefused(connection: LiveConnection, run: () => Later<unknown>): Later<void> {
  const refused = (cause: unknown): void => {
    const { code, message } = toCarillonError(cause, "internal");
    tell(connection, "error", code === "channel-name-invalid" ? invalidRoom : { code: "command_failed", message });
  };
  try {
    const done = run();
    return isPending(done) ? done.then(() => undefined, refused) : undefined;
  } catch (error) {
    return refused(error);
  }
}

function tell(connection: LiveConnection, event: string, data: unknown): void {
  connection.deliver({ kind: "event", event, data });
}
