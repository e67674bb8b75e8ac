import type { Delivery } from "../../engine/delivery.ts";
import type { Encoder } from "../../engine/ports/encoder.ts";
import { toBase64 } from "../../protocol/base64.ts";
import type { Codec } from "../../protocol/codec.ts";
import type { Publication } from "../../engine/publication.ts";
import { subprotocols, type PublicationMessage, type ServerMessage } from "../../protocol/messages.ts";
import { positionText } from "./position.ts";

/** Encodes deliveries for all clients of one codec. */
export function nativeEncoder(codec: Codec): Encoder {
  const itemOf = codec.subprotocol === subprotocols.json ? bytesAsText : (item: unknown) => item;
  return {
    encode: (delivery) => (isShown(delivery) ? [codec.encode(messageOf(delivery, itemOf))] : undefined),
  };
}

/** Users come with their first connection and go with their last one; a member with an id is a connection. */
function isShown(delivery: Delivery): boolean {
  if (delivery.kind === "join") return delivery.isFirst || delivery.member.id !== undefined;
  return delivery.kind !== "leave" || delivery.isLast || delivery.member.id !== undefined;
}

/** JSON has a field for bytes as a whole payload, and no place for them in a list. */
function bytesAsText(item: unknown): unknown {
  return item instanceof Uint8Array ? toBase64(item) : item;
}

/** One publication in the native words. */
export function publicationMessage(publication: Publication): PublicationMessage {
  const { stateKey } = publication;
  const message = plainMessage(publication);
  return stateKey === undefined ? message : { ...message, stateKey };
}

function plainMessage({ channel, event, data, id, time, from, position }: Publication): PublicationMessage {
  if (position) {
    const place = positionText(position);
    return from
      ? { type: "publication", channel, event, data, id, time, from, position: place }
      : { type: "publication", channel, event, data, id, time, position: place };
  }
  return from
    ? { type: "publication", channel, event, data, id, time, from }
    : { type: "publication", channel, event, data, id, time };
}

/** `undefined` fields are left out by the codecs. */
function messageOf(delivery: Delivery, itemOf: (item: unknown) => unknown): ServerMessage {
  switch (delivery.kind) {
    case "publication": {
      const { publication } = delivery;
      const { channel, event, data, batch } = publication;
      if (batch) return { type: "batch", channel, event, items: (data as readonly unknown[]).map(itemOf) };
      return publicationMessage(publication);
    }
    case "whisper": {
      const { channel, event, data, from } = delivery;
      return { type: "whisper", channel, event, data, from };
    }
    case "gap": {
      const { channel, from, to, reason } = delivery;
      return { type: "gap", channel, ...(from && { from: positionText(from) }), to: positionText(to), reason };
    }
    case "join":
    case "leave":
      return { type: delivery.kind, channel: delivery.channel, member: delivery.member };
    case "subscribed":
      return {
        type: "subscribed",
        channel: delivery.channel,
        ...(delivery.members && { members: delivery.members }),
        ...(delivery.position && { position: positionText(delivery.position) }),
      };
    case "unsubscribed":
      return { type: "unsubscribed", channel: delivery.channel };
    case "event":
      return { type: "send", event: delivery.event, data: delivery.data };
    case "batch":
      return { type: "batch", event: delivery.event, items: delivery.items.map(itemOf) };
    case "request":
      return { type: "request", ref: delivery.ref, event: delivery.event, data: delivery.data };
  }
}
