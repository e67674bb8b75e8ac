import { CarillonError } from "../../errors/carillon-error.ts";
import type { LiveConnection, Move } from "../../engine/connection.ts";
import type { Delivery } from "../../engine/delivery.ts";
import { andThen, guarded, isPending, type Later } from "../../engine/later.ts";
import type { Joined } from "../../engine/membership.ts";
import { harmlessly } from "../harmlessly.ts";
import type { LiveClient } from "./client.ts";
import type { ClientMessage } from "./client-message.ts";
import { errorPacket, sourceOf } from "./encoder.ts";
import { AuthError, WhisperError } from "./errors.ts";
import type { Hub } from "./hub.ts";
import type { StoredClient } from "./storage.ts";

/** A client that is in. */
export interface Participant {
  readonly hub: Hub;
  readonly client: LiveClient;
  /** Absent without a storage. */
  readonly stored: StoredClient | undefined;
}

/** Does what a client's message asks for. @throws {CarillonError} what {@link refuse} tells the client */
export function act(message: ClientMessage, participant: Participant): Later<void> {
  const { hub, client, stored } = participant;
  switch (message.action) {
    case "subscribe":
      return subscribe(message.channel, participant);
    case "unsubscribe":
      hub.engine.leave(client.connection, message.channel);
      stored?.remove(message.channel);
      return undefined;
    case "broadcast":
      return broadcast(message, participant);
    case "whisper":
      return whisper(message, participant);
  }
}

/** The server has put the client into a channel, or taken it out. */
export function follow({ kind, channel, ...told }: Move, { hub, client, stored }: Participant): void {
  const { connection } = client;
  if (kind === "unsubscribed") {
    stored?.remove(channel);
    return;
  }
  stored?.put(channel);
  if (!("members" in told)) return;
  client.show();
  harmlessly(
    () => connection.wire.send(hub.encoder.ownJoin(joinOf(connection, channel))),
    (cause) => hub.engine.encodingFailed(cause),
  );
}

/** Tells the client, and the application where it has a word for it, why nothing came of a message. */
export function refuse(cause: unknown, { action, channel }: ClientMessage, { hub, client }: Participant): void {
  if (isInAlready(cause)) return;
  const { connection } = client;
  if (!(cause instanceof CarillonError)) hub.failed(cause, connection, action);
  const error = cause instanceof CarillonError ? cause : new CarillonError("internal", { cause });
  const isDenied = action === "subscribe" && (error.code === "forbidden" || error.code === "unauthorized");
  const message = isDenied ? "unauthorized" : error.message;
  connection.wire.send(errorPacket(message, channel));
  if (isDenied) hub.mistake(new AuthError(message, { client, channel, cause }), connection);
  else if (action === "whisper") hub.mistake(new WhisperError(message, { client, channel, cause }), connection);
}

/** There is no answer but for the notice of presence, and nothing happens when it is subscribed already. */
function subscribe(channel: string, participant: Participant): Later<void> {
  const { hub, client } = participant;
  const { connection } = client;
  if (connection.subscriptions.has(channel)) return undefined;
  if (!isGuarded(channel) || !hub.settings.authHandler) {
    return joining(participant, channel, () => hub.engine.join(connection, channel));
  }
  const { authHandler } = hub.settings;
  const asked = allowed(hub, connection, () => authHandler(client.userId, channel));
  return andThen(asked, (mayJoin) => {
    if (!mayJoin) throw new CarillonError("forbidden");
    return joining(participant, channel, () => hub.engine.joinUnasked(connection, channel));
  });
}

function joining({ hub, client, stored }: Participant, channel: string, join: () => Later<Joined>): Later<void> {
  const { connection } = client;
  const { encoder } = hub;
  client.show();
  const failed = (error: unknown): never => {
    encoder.forgetJoin(channel, connection.id);
    if (!isInAlready(error)) {
      // It is in when its own notice could not be written.
      hub.engine.leave(connection, channel);
      stored?.remove(channel);
    }
    throw error;
  };
  const joined = ({ members, start }: Joined): void => {
    if (members) connection.wire.send(encoder.ownJoin(joinOf(connection, channel)));
    encoder.forgetJoin(channel, connection.id);
    start();
  };
  const enter = (): Later<void> =>
    andThen(stored?.add(channel), () => {
      encoder.expectJoin(channel, connection.id);
      return andThen(join(), joined);
    });
  return guarded(enter, failed);
}

function joinOf({ member, id }: LiveConnection, channel: string): Extract<Delivery, { readonly kind: "join" }> {
  return { kind: "join", channel, member, connection: id, isFirst: false };
}

function broadcast({ channel, event, data }: ClientMessage, { hub, client }: Participant): Later<void> {
  const { engine, nanoseconds, settings } = hub;
  const { connection } = client;
  const terms = {
    source: sourceOf({ event, message_id: `${client.id}-${nanoseconds.next(engine.clock.wall())}` }),
    isSourceDataless: true,
    // Whoever was let in by `authHandler` may broadcast there, too.
    isAuthorized: isGuarded(channel) && !!settings.authHandler && connection.subscriptions.has(channel),
  };
  const request = { channel, event: event === "" ? "message" : event, data: data ?? null };
  return andThen(engine.publishFrom(connection, request, terms), () => undefined);
}

function whisper({ channel, event, data }: ClientMessage, { hub, client }: Participant): Later<void> {
  const { engine, settings } = hub;
  const { connection } = client;
  const { whisperMiddleware } = settings;
  if (!settings.enableWhispers) throw new CarillonError("forbidden", { message: "whispers are disabled" });
  if (channel === "" || event === "") {
    throw new CarillonError("bad-request", { message: "Invalid whisper: missing channel or event" });
  }
  if (!connection.subscriptions.has(channel)) throw new CarillonError("not-subscribed");
  const said = { from: client.id, channel, client, event, data };
  const passed = whisperMiddleware ? allowed(hub, connection, () => whisperMiddleware(said)) : true;
  return andThen(passed, (isWanted) =>
    isWanted
      ? engine.whisperFrom(connection, { channel, event: said.event, data: said.data }, { isAuthorized: true })
      : undefined,
  );
}

/** The server has put the client in while somebody was asked whether it may. */
function isInAlready(error: unknown): boolean {
  return error instanceof CarillonError && error.code === "already-subscribed";
}

/** What a function of the application's says; a `CarillonError` of its own is the answer, anything else it throws means no. */
function allowed(hub: Hub, connection: LiveConnection, ask: () => Later<boolean>): Later<boolean> {
  const failed = (error: unknown): boolean => {
    if (error instanceof CarillonError) throw error;
    hub.failed(error, connection);
    return false;
  };
  try {
    const answer = ask();
    return isPending(answer) ? answer.then((said) => said === true).catch(failed) : answer === true;
  } catch (error) {
    return failed(error);
  }
}

/** Decided by the exact prefix and nothing else. */
function isGuarded(channel: string): boolean {
  return channel.startsWith("private-") || channel.startsWith("presence-");
}
