import type { LiveConnection } from "../../engine/connection.ts";
import type { DialectTerms } from "../../engine/dialect-terms.ts";
import type { Engine } from "../../engine/engine.ts";
import { andThen, isPending, type Later } from "../../engine/later.ts";
import { toCarillonError } from "../../errors/carillon-error.ts";
import { isObject } from "../payload.ts";

/** What a client does in a channel by an event. */
export interface ChannelEvent {
  readonly channel: string;
  readonly event: string;
  readonly data: unknown;
}

/** @returns `undefined` for an event that is about no channel, or one that the client is not in */
export function channelEvent(connection: LiveConnection, event: string, data: unknown): ChannelEvent | undefined {
  const channel = isObject(data) ? data["channel"] : undefined;
  if (typeof channel !== "string") return undefined;
  const isAbout = event === "join" || event === "leave" || connection.subscriptions.has(channel);
  return isAbout ? { channel, event, data } : undefined;
}

/** Where an event is published. @returns `undefined` for one that is not */
export function publishedIn(connection: LiveConnection, event: string, data: unknown): string | undefined {
  return event === "join" || event === "leave" ? undefined : channelEvent(connection, event, data)?.channel;
}

/**
 * Does in the engine what a client's event says. A refusal is told, and nothing else becomes of it.
 *
 * @param seenIn the channel that interceptors were told
 */
export function followConvention(
  engine: Engine,
  connection: LiveConnection,
  said: ChannelEvent,
  seenIn?: string,
): Later<void> {
  const refused = (cause: unknown): void => {
    const { code, message } = toCarillonError(cause, "internal");
    const { channel, event } = said;
    connection.deliver({ kind: "event", event: "channel:refused", data: { channel, event, code, message } });
  };
  try {
    const done = act(engine, connection, said, { isIntercepted: said.channel === seenIn });
    return isPending(done) ? done.then(() => undefined, refused) : undefined;
  } catch (error) {
    return refused(error);
  }
}

function act(
  engine: Engine,
  connection: LiveConnection,
  { channel, event, data }: ChannelEvent,
  terms: DialectTerms,
): Later<unknown> {
  if (event === "leave") {
    engine.leave(connection, channel);
    connection.deliver({ kind: "unsubscribed", channel });
    return undefined;
  }
  if (event !== "join") return engine.publishFrom(connection, { channel, event, data }, terms);
  return andThen(engine.join(connection, channel), ({ members, start }) => {
    connection.deliver({ kind: "subscribed", channel, ...(members && { members }) });
    start();
  });
}
