import type { Delivery } from "../../engine/delivery.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Encoder } from "../../engine/ports/encoder.ts";
import type { Packet } from "../../engine/ports/wire.ts";
import type { Member } from "../../engine/presence.ts";
import type { Publication, Source } from "../../engine/publication.ts";
import { isObject, jsonPayload } from "../payload.ts";
import { rfc3339, type Nanoseconds } from "./timestamps.ts";

export const dialectName = "go-ws";

/** Who publishes where no client does. */
export const serverId = "server";

/** What a channel message of go-ws says and other dialects have no words for. */
export interface Words {
  readonly event: string;
  readonly message_id: string;
  /** Absent when it is the publishing connection's id. */
  readonly sender_id?: string;
}

/** Words on their way through the engine. */
export function sourceOf(words: Words): Source {
  return { dialect: dialectName, text: JSON.stringify(words) };
}

/** An error, as its client is told it. */
export function errorPacket(error: string, channel?: string): Packet {
  return [JSON.stringify({ type: "error", error, ...(channel !== undefined && { channel }) })];
}

/** What the encoder is made of. */
export interface EncoderParts {
  readonly engine: Engine;
  readonly nanoseconds: Nanoseconds;
  readonly readmeFields: boolean;
  readonly maxListedUsers: number;
  /** Of a client of this dialect and node that has any; `undefined` for any other connection. */
  readonly metadataOf: (connection: string) => Readonly<Record<string, unknown>> | undefined;
}

/** What the server alone says. */
const notices: ReadonlySet<string> = new Set(["presence:join", "presence:leave"]);

type Move = Extract<Delivery, { readonly kind: "join" | "leave" }>;

/** Encodes deliveries for all clients of go-ws; each message is a frame of its own. */
export class GoWsEncoder implements Encoder {
  readonly #parts: EncoderParts;
  /** Notices that their own clients are told, too, when their subscription is ready. */
  readonly #own = new Map<string, Notice | undefined>();

  constructor(parts: EncoderParts) {
    this.#parts = parts;
  }

  encode(delivery: Delivery): Packet | undefined {
    switch (delivery.kind) {
      case "publication":
        return this.#publication(delivery.publication);
      case "whisper":
        return [this.#whisper(delivery)];
      case "join":
        return this.#join(delivery);
      case "leave":
        return this.#told(this.#notice(delivery));
      case "event":
        return [this.#direct(delivery.event, delivery.data)];
      case "batch":
        return delivery.items.map((item) => this.#direct(delivery.event, item));
      case "unsubscribed":
        return errorPacket("unsubscribed by the server", delivery.channel);
      case "subscribed":
      case "gap":
      case "request":
        return undefined;
    }
  }

  /** From now until {@link forgetJoin}: the client wants into the channel, and is to be told the same as the others. */
  expectJoin(channel: string, connection: string): void {
    this.#own.set(keyOf(channel, connection), undefined);
  }

  forgetJoin(channel: string, connection: string): void {
    this.#own.delete(keyOf(channel, connection));
  }

  /** What a client hears of its own join: what the others did, if there are any of this dialect, and always with the list. */
  ownJoin(join: Move): Packet {
    const heard = this.#own.get(keyOf(join.channel, join.connection));
    return this.#told(heard ?? this.#notice(join), Infinity, { user: join.member.user, id: join.connection });
  }

  #publication({ channel, event, data, id, time, from, source, batch }: Publication): Packet {
    const words = source?.dialect === dialectName ? (JSON.parse(source.text) as Words) : undefined;
    const name = words ? words.event : event;
    const told = (payload: unknown, messageId: string): string =>
      this.#envelope({
        channel,
        data: payload,
        // The listeners of Echo clients know notices of presence by nothing else.
        event: from && notices.has(name) ? "" : name,
        messageId,
        senderId: words?.sender_id ?? from?.id ?? serverId,
        user: from?.user,
        wall: time,
      });
    if (batch) return (data as readonly unknown[]).map((item, index) => told(item, `${id}-${index}`));
    // Another dialect's publisher has chosen its id already, or the engine has.
    return [told(data, words?.message_id ?? id)];
  }

  /** An event outside any channel. */
  #direct(event: string, data: unknown): string {
    const wall = this.#parts.engine.clock.wall();
    const messageId = `${serverId}-${this.#parts.nanoseconds.next(wall)}`;
    return this.#envelope({ channel: "", data, event, messageId, senderId: serverId, user: undefined, wall });
  }

  #envelope({ channel, data, event, messageId, senderId, user, wall }: Envelope): string {
    const payload = jsonPayload(data) ?? null;
    const envelope = {
      channel_name: channel,
      data: payload,
      event,
      message_id: messageId,
      sender_id: senderId,
      timestamp: rfc3339(wall, "seconds"),
    };
    if (!this.#parts.readmeFields) return JSON.stringify(envelope);
    return JSON.stringify({ ...envelope, type: "message", channel, message: payload, ...userField(user) });
  }

  #whisper({ channel, event, data, from }: Extract<Delivery, { readonly kind: "whisper" }>): string {
    const whisper = {
      action: "whisper",
      channel_name: channel,
      from: from.id,
      event,
      data: whispered(event, data),
      timestamp: rfc3339(this.#parts.engine.clock.wall(), "fraction"),
    };
    if (!this.#parts.readmeFields) return JSON.stringify(whisper);
    return JSON.stringify({ ...whisper, type: "whisper", channel, ...userField(from.user) });
  }

  #join(join: Move): Packet {
    const notice = this.#notice(join);
    const key = keyOf(join.channel, join.connection);
    if (this.#own.has(key)) this.#own.set(key, notice);
    return this.#told(notice);
  }

  /** With the list of who is there, unless they are too many: each of so many joins would tell each of them of all. */
  #told(notice: Notice, maxListed = this.#parts.maxListedUsers, self?: Member): Packet {
    const { engine, readmeFields } = this.#parts;
    if (!readmeFields) return [JSON.stringify(notice)];
    const { channel_name: channel } = notice;
    const announced = engine.members(channel, "connections");
    // The others may hear of it later.
    const isMissing = self && !announced.some(({ id }) => id === self.id);
    const members = isMissing ? [...announced, self] : announced;
    const users = members.length <= maxListed && members.map(({ user, id }) => ({ user_id: user, client_id: id }));
    return [JSON.stringify({ ...notice, type: "presence", channel, ...(users && { users }) })];
  }

  /** Made for each connection, whatever the channel's rule shows. */
  #notice({ kind, channel, member, connection }: Move): Notice {
    const { engine, nanoseconds, metadataOf } = this.#parts;
    const wall = engine.clock.wall();
    const event = `presence:${kind}`;
    const metadata = metadataOf(connection) ?? (isObject(member.info) ? member.info : {});
    const who = kind === "join" ? member.user : connection;
    return {
      channel_name: channel,
      data: {
        event,
        client_id: connection,
        user_id: member.user,
        timestamp: rfc3339(wall, "fraction"),
        ...(Object.keys(metadata).length > 0 && { metadata }),
      },
      event,
      message_id: `presence-${kind}-${who}-${nanoseconds.next(wall)}`,
      sender_id: "system",
      timestamp: rfc3339(wall, "seconds"),
    };
  }
}

/** A notice of presence as the original's code writes it. */
interface Notice {
  readonly channel_name: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly event: string;
  readonly message_id: string;
  readonly sender_id: string;
  readonly timestamp: string;
}

interface Envelope {
  readonly channel: string;
  readonly data: unknown;
  readonly event: string;
  readonly messageId: string;
  readonly senderId: string;
  readonly user: string | undefined;
  readonly wall: number;
}

/** The event stands in the data, too, where it has room for it and does not say another one. */
function whispered(event: string, data: unknown): unknown {
  if (data === undefined) return { event };
  return isObject(data) && !(data instanceof Uint8Array) ? { event, ...data } : jsonPayload(data);
}

function userField(user: string | undefined): { readonly user_id?: string } {
  return user === undefined ? {} : { user_id: user };
}

function keyOf(channel: string, connection: string): string {
  return `${connection} ${channel}`;
}
