import type { CarillonError } from "../errors/carillon-error.ts";
import type { RequestMessage, ServerMessage } from "../protocol/messages.ts";
import { readError } from "./ending.ts";
import type { Requests } from "./requests.ts";
import type { Subscription } from "./subscription.ts";

/** The parts of a client that a message can be for. */
export interface Incoming {
  readonly requests: Requests;
  /** The channels that the application has named. */
  readonly subscriptions: ReadonlyMap<string, Subscription>;
  subscription(name: string): Subscription;
  sent(event: string, data: unknown): void;
  requested(message: RequestMessage): void;
  failed(error: CarillonError): void;
}

/**
 * Hands a message of the server to the part that it is for.
 *
 * Nothing is created for it, except when the server subscribes the client to a channel. Types that are newer than this
 * client fall through.
 */
export function readMessage(message: ServerMessage, client: Incoming): void {
  const { type } = message;
  // Answers; without a `ref` the last three mean something else.
  if (type === "response" || type === "published" || type === "subscribed" || type === "unsubscribed" || type === "error") {
    if (message.ref !== undefined) return client.requests.read(message, message.ref);
  }
  if (type === "error") return client.failed(readError(message));
  if (type === "send") return client.sent(message.event, message.data);
  if (type === "request") return client.requested(message);
  if (type === "subscribed") return client.subscription(message.channel).joined(message.members);
  if (type === "batch" && message.channel === undefined) {
    for (const item of message.items) client.sent(message.event, item);
    return;
  }
  const channel = "channel" in message ? client.subscriptions.get(message.channel as string) : undefined;
  if (type === "unsubscribed") channel?.removed();
  else if (type === "join" || type === "leave") channel?.moved(type, message.member);
  else if (type === "publication") {
    const { channel: name, event, data, id, time, from } = message;
    channel?.published({ channel: name, event, data, id, time, ...(from && { from }) });
  } else if (type === "batch") {
    for (const data of message.items) channel?.published({ channel: message.channel!, event: message.event, data });
  }
}
