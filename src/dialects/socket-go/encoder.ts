import type { Delivery } from "../../engine/delivery.ts";
import { isEventName } from "../../engine/names.ts";
import type { Encoder } from "../../engine/ports/encoder.ts";
import type { Packet } from "../../engine/ports/wire.ts";
import type { Member } from "../../engine/presence.ts";
import type { Source } from "../../engine/publication.ts";
import { messageText } from "./message.ts";

export const dialectName = "socket-go";

/** How an event is published in a channel: under its name, or as a `message` whose name only this dialect's clients hear. */
export function published(event: string): { readonly event: string; readonly source?: Source } {
  return isEventName(event) ? { event } : { event: "message", source: { dialect: dialectName, text: event } };
}

/**
 * Says everything as an event with data, which is all that these clients know.
 *
 * Those who come and go in channels with presence have events of their own, which the original does not have and its clients
 * ignore. Gaps and requests have no word.
 */
export const socketGoEncoder: Encoder = {
  encode(delivery) {
    switch (delivery.kind) {
      case "publication": {
        const { event, data, batch, source } = delivery.publication;
        if (batch) return messages(event, data as readonly unknown[]);
        return [messageText(source?.dialect === dialectName ? source.text : event, data)];
      }
      case "batch":
        return messages(delivery.event, delivery.items);
      case "whisper":
      case "event":
        return [messageText(delivery.event, delivery.data)];
      case "join":
        return isShown(delivery.isFirst, delivery.member) ? [presenceText(delivery)] : undefined;
      case "leave":
        return isShown(delivery.isLast, delivery.member) ? [presenceText(delivery)] : undefined;
      case "subscribed":
        return (
          delivery.members && [messageText("presence:members", { room: delivery.channel, members: delivery.members })]
        );
      case "gap":
      case "request":
      case "unsubscribed":
        return undefined;
    }
  },
};

/** Several messages are several frames: a list of messages is none. */
function messages(event: string, items: readonly unknown[]): Packet | undefined {
  return items.length === 0 ? undefined : items.map((item) => messageText(event, item));
}

/** Users come with their first connection and go with their last one; a member with an id is a connection. */
function isShown(isOnly: boolean, member: Member): boolean {
  return isOnly || member.id !== undefined;
}

function presenceText({ kind, channel, member }: Extract<Delivery, { readonly kind: "join" | "leave" }>): string {
  return messageText(`presence:${kind}`, { room: channel, member });
}
