import type { Delivery } from "../../engine/delivery.ts";
import type { Encoder } from "../../engine/ports/encoder.ts";
import { toBase64 } from "../../protocol/base64.ts";
import type { Codec } from "../../protocol/codec.ts";
import { subprotocols, type ServerMessage } from "../../protocol/messages.ts";

/** Encodes deliveries for all clients of one codec. */
export function nativeEncoder(codec: Codec): Encoder {
  const itemOf = codec.subprotocol === subprotocols.json ? bytesAsText : (item: unknown) => item;
  return { encode: (delivery) => [codec.encode(messageOf(delivery, itemOf))] };
}

/** JSON has a field for bytes as a whole payload, and no place for them in a list. */
function bytesAsText(item: unknown): unknown {
  return item instanceof Uint8Array ? toBase64(item) : item;
}

/** `undefined` fields are left out by the codecs. */
function messageOf(delivery: Delivery, itemOf: (item: unknown) => unknown): ServerMessage {
  switch (delivery.kind) {
    case "publication": {
      const { channel, event, data, id, time, from, batch } = delivery.publication;
      if (batch) return { type: "batch", channel, event, items: (data as readonly unknown[]).map(itemOf) };
      return from
        ? { type: "publication", channel, event, data, id, time, from }
        : { type: "publication", channel, event, data, id, time };
    }
    case "join":
    case "leave":
      return { type: delivery.kind, channel: delivery.channel, member: delivery.member };
    case "subscribed":
      return {
        type: "subscribed",
        channel: delivery.channel,
        ...(delivery.members && { members: delivery.members }),
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
