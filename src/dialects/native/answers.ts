import { CarillonError } from "../../errors/carillon-error.ts";
import type { LiveConnection } from "../../engine/connection.ts";
import type { Engine } from "../../engine/engine.ts";
import { andThen, type Later } from "../../engine/later.ts";
import type {
  ClientMessage,
  HistoryMessage,
  PublicationMessage,
  ServerMessage,
  SubscribeMessage,
} from "../../protocol/messages.ts";
import { publicationMessage } from "./encoder.ts";
import { positionText, readPosition } from "./position.ts";

/** A page is one frame, so it ends sooner when its publications are large. */
const maxPageBytes = 1_048_576;

/** Does what a client's message asks for, and answers it. @throws {CarillonError} what the client is to be told */
export function answerTo(
  message: Exclude<ClientMessage, { readonly type: "request" | "refresh" }>,
  engine: Engine,
  connection: LiveConnection,
  send: (message: ServerMessage) => void,
): Later<void> {
  switch (message.type) {
    case "publish": {
      const { ref } = message;
      return andThen(engine.publishFrom(connection, message), ({ id, position }) => {
        if (ref !== undefined)
          send({ type: "published", ref, id, ...(position && { position: positionText(position) }) });
      });
    }
    case "whisper":
      return engine.whisperFrom(connection, message);
    case "send":
      return engine.receive(connection, message.event, message.data);
    case "subscribe":
      return subscribe(message, engine, connection, send);
    case "unsubscribe":
      engine.leave(connection, message.channel);
      send({ type: "unsubscribed", ref: message.ref, channel: message.channel });
      return undefined;
    case "history":
      return history(message, engine, connection, send);
    case "connect":
      throw new CarillonError("bad-request", { message: "connected already" });
    // These answer the server, or are heard before they get here.
    case "response":
    case "error":
    case "ack":
    case "ping":
      return undefined;
  }
}

function subscribe(
  { ref, channel, since, token }: SubscribeMessage,
  engine: Engine,
  connection: LiveConnection,
  send: (message: ServerMessage) => void,
): Later<void> {
  const after = since === undefined ? undefined : (readPosition(since) ?? "unknown");
  return andThen(engine.join(connection, channel, after, token), ({ members, position, recovered, start }) => {
    send({
      type: "subscribed",
      ref,
      channel,
      ...(members && { members }),
      ...(position && { position: positionText(position) }),
      ...(recovered !== undefined && { recovered }),
    });
    start();
  });
}

function history(
  { ref, channel, after, before, limit }: HistoryMessage,
  engine: Engine,
  connection: LiveConnection,
  send: (message: ServerMessage) => void,
): Later<void> {
  const range = {
    ...positionField("after", after),
    ...positionField("before", before),
    ...(limit !== undefined && { limit }),
  };
  return andThen(engine.historyFor(connection, channel, range), ({ publications, top, isCovered }) => {
    send({
      type: "history",
      ref,
      channel,
      publications: fitting(publications.map(publicationMessage), after !== undefined),
      top: positionText(top),
      covered: isCovered,
    });
  });
}

/** Those next to the position that was asked for, one at least. */
function fitting(publications: readonly PublicationMessage[], isForward: boolean): readonly PublicationMessage[] {
  const nearest = isForward ? publications : publications.toReversed();
  let bytes = 0;
  const tooMany = nearest.findIndex((publication, index) => {
    bytes += JSON.stringify(publication).length;
    return bytes > maxPageBytes && index > 0;
  });
  if (tooMany < 0) return publications;
  return isForward ? publications.slice(0, tooMany) : publications.slice(-tooMany);
}

function positionField(name: string, text: string | undefined): object {
  if (text === undefined) return {};
  const position = readPosition(text);
  if (!position) throw new CarillonError("bad-request", { message: `"${name}" is no position` });
  return { [name]: position };
}
