import type { Delivery } from "../../engine/delivery.ts";
import type { Encoder } from "../../engine/ports/encoder.ts";
import type { Packet } from "../../engine/ports/wire.ts";
import type { Member } from "../../engine/presence.ts";
import { batchPacket, messagePacket, payloadText } from "./message.ts";

/**
 * Says everything as an event with a payload, which is all that these clients know.
 *
 * Those who come and go in channels with presence, and a subscription that begins or ends, have events of their own, which
 * the original does not have and its clients ignore. Gaps and requests have no word.
 */
export function aoEncoder(batchPrefix: string): Encoder {
  const batch = (event: string, items: unknown): Packet | undefined =>
    Array.isArray(items) && items.length > 0 ? batchPacket(batchPrefix + event, items.map(payloadText)) : undefined;
  return {
    encode(delivery) {
      switch (delivery.kind) {
        case "publication": {
          const { publication } = delivery;
          const { event, data } = publication;
          return publication.batch ? batch(event, data) : message(event, data);
        }
        case "batch":
          return batch(delivery.event, delivery.items);
        case "whisper":
        case "event":
          return message(delivery.event, delivery.data);
        case "join":
          return isShown(delivery.isFirst, delivery.member) ? presence(delivery) : undefined;
        case "leave":
          return isShown(delivery.isLast, delivery.member) ? presence(delivery) : undefined;
        case "subscribed": {
          const { channel, members } = delivery;
          return message("channel:joined", { channel, members });
        }
        case "unsubscribed":
          return message("channel:left", { channel: delivery.channel });
        case "gap":
        case "request":
          return undefined;
      }
    },
  };
}

function message(event: string, data: unknown): Packet {
  return messagePacket(event, payloadText(data));
}

/** Users come with their first connection and go with their last one; a member with an id is a connection. */
function isShown(isOnly: boolean, member: Member): boolean {
  return isOnly || member.id !== undefined;
}

function presence({ kind, channel, member }: Extract<Delivery, { readonly kind: "join" | "leave" }>): Packet {
  return message(`presence:${kind}`, { channel, member });
}
