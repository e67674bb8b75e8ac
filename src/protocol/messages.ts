import type { ErrorCode } from "../errors/codes.ts";
import type { ExpiringMessage, RefreshedMessage, RefreshMessage } from "./token-messages.ts";

/**
 * The messages of the native protocol, as PROTOCOL.md describes them.
 *
 * `ref` is a number that the asking side chooses and the answer repeats. `data` is any JSON value or, as a whole, bytes.
 */

/** The protocol's version, as its WebSocket subprotocols name it. */
export const subprotocols = { json: "carillon.v1.json", msgpack: "carillon.v1.msgpack" } as const;

/** More messages than this in one frame are refused. */
export const maxMessagesPerFrame = 256;

/** Who a publication came from. */
export interface Sender {
  /** The connection's id; it is no secret and gives no rights. */
  readonly id: string;
  readonly user?: string;
}

/** One user in a channel. */
export interface Member {
  /** The user's id or, for an anonymous one, its connection's. */
  readonly user: string;
  /** The connection's id, where each one is shown by itself. */
  readonly id?: string;
  /** What the server says about the user; never what the client claims. */
  readonly info?: unknown;
}

/** What a client says first, and nothing before it. */
export interface ConnectMessage {
  readonly type: "connect";
  readonly token?: string;
  /** Asks for a session that outlives its link. */
  readonly resume?: boolean;
  /** The session to go on with. */
  readonly session?: string;
  /** How many messages of that session the client has received. */
  readonly received?: number;
}

/**
 * How many messages of the session the sender has received so far; both directions. The other side need not keep those.
 *
 * All messages count but `connect`, `connected`, `ack`, `heartbeat`, `ping` and `pong`.
 */
export interface AckMessage {
  readonly type: "ack";
  readonly received: number;
}

export interface SubscribeMessage {
  readonly type: "subscribe";
  readonly ref: number;
  readonly channel: string;
  /** A position; what was published after it comes first. */
  readonly since?: string;
  /** What the channel's rule may want to see. */
  readonly token?: string;
}

/** Asks for a part of a channel's history: the oldest after, the newest before, or just the newest. */
export interface HistoryMessage {
  readonly type: "history";
  readonly ref: number;
  readonly channel: string;
  readonly after?: string;
  readonly before?: string;
  readonly limit?: number;
}

export interface UnsubscribeMessage {
  readonly type: "unsubscribe";
  readonly ref: number;
  readonly channel: string;
}

export interface PublishMessage {
  readonly type: "publish";
  /** Without it nothing is answered but errors. */
  readonly ref?: number;
  readonly channel: string;
  readonly event: string;
  readonly data?: unknown;
  /** `false`: every subscriber but the publishing connection. */
  readonly echo?: boolean;
  /** The publication's id; published again with the same one, it changes nothing. */
  readonly id?: string;
  /** It is the channel's state under this key from now on; without `data` it removes what is there. */
  readonly stateKey?: string;
}

/** Something for the others in a channel, told at most once and never kept. It has no answer but errors. */
export interface WhisperMessage {
  readonly type: "whisper";
  readonly channel: string;
  readonly event: string;
  readonly data?: unknown;
}

/** What another client whispered. */
export interface WhisperedMessage extends WhisperMessage {
  readonly from: Sender;
}

/** An event outside any channel; both directions. */
export interface SendMessage {
  readonly type: "send";
  readonly event: string;
  readonly data?: unknown;
}

/** An event that wants an answer; both directions. */
export interface RequestMessage {
  readonly type: "request";
  readonly ref: number;
  readonly event: string;
  readonly data?: unknown;
}

/** The answer to a request; both directions. */
export interface ResponseMessage {
  readonly type: "response";
  readonly ref: number;
  readonly data?: unknown;
}

/** Something failed: the request named by `ref`, or, without one, the last message that could not be answered otherwise. */
export interface ErrorMessage {
  readonly type: "error";
  readonly ref?: number;
  readonly code: string;
  readonly message: string;
  readonly temporary?: boolean;
  readonly details?: unknown;
}

export interface PingMessage {
  readonly type: "ping";
}

export type ClientMessage =
  | ConnectMessage
  | SubscribeMessage
  | UnsubscribeMessage
  | PublishMessage
  | SendMessage
  | RequestMessage
  | ResponseMessage
  | ErrorMessage
  | HistoryMessage
  | AckMessage
  | PingMessage
  | WhisperMessage
  | RefreshMessage;

/** The answer to `connect`; everything else comes after it. */
export interface ConnectedMessage {
  readonly type: "connected";
  /** The connection's id. */
  readonly connection: string;
  /** Who the server takes the client for; absent for anonymous ones. */
  readonly user?: string;
  /** The server is never silent for longer; after twice this time the link is dead. `0`: no heartbeats. */
  readonly heartbeatMs: number;
  /** The largest frame the server accepts, in bytes. */
  readonly maxMessageBytes: number;
  /** A secret that resumes this session on another link; absent when it ends with its link. */
  readonly session?: string;
  /** Only in answer to a `session`: whether the conversation goes on where it was. */
  readonly resumed?: boolean;
  /** With `resumed`: how many messages of the session the server has received. */
  readonly received?: number;
}

/** With `ref` the answer to `subscribe`; without one the server subscribed the client by itself. */
export interface SubscribedMessage {
  readonly type: "subscribed";
  readonly ref?: number;
  readonly channel: string;
  /** Only on channels with presence; the client itself is among them. */
  readonly members?: readonly Member[];
  /** Where the channel's history stands; what follows comes after it. Absent where none is kept. */
  readonly position?: string;
  /** Only in answer to a `since`: whether everything after it follows. If not, a `gap` does. */
  readonly recovered?: boolean;
}

/** What was published after `from` and up to `to` is missing; what follows comes after it. */
export interface GapMessage {
  readonly type: "gap";
  readonly channel: string;
  /** Absent when the client's `since` was no position. */
  readonly from?: string;
  readonly to: string;
  readonly reason: "expired" | "reset" | "too-much";
}

/** The answer to `history`. */
export interface HistoryPageMessage {
  readonly type: "history";
  readonly ref: number;
  readonly channel: string;
  /** Oldest first. */
  readonly publications: readonly PublicationMessage[];
  /** Where the history stands. */
  readonly top: string;
  /** Nothing is missing between the position asked for and these publications. */
  readonly covered: boolean;
}

/** With `ref` the answer to `unsubscribe`; without one the server took the client out by itself. */
export interface UnsubscribedMessage {
  readonly type: "unsubscribed";
  readonly ref?: number;
  readonly channel: string;
}

/** The broker has accepted the publication. */
export interface PublishedMessage {
  readonly type: "published";
  readonly ref: number;
  /** The publication's id. */
  readonly id: string;
  /** Where it landed in the channel's history; absent where none is kept. */
  readonly position?: string;
}

export interface PublicationMessage {
  readonly type: "publication";
  readonly channel: string;
  readonly event: string;
  readonly data?: unknown;
  readonly id: string;
  /** Unix time in milliseconds at publishing; for display, not for order. */
  readonly time: number;
  /** Absent when the server published. */
  readonly from?: Sender;
  /** Its place in the channel's history; absent where none is kept, and in the state that is told first. */
  readonly position?: string;
  /** It is the channel's state under this key. */
  readonly stateKey?: string;
}

/** Several payloads of one event, collected by the server. */
export interface BatchMessage {
  readonly type: "batch";
  /** Absent when they are outside any channel. */
  readonly channel?: string;
  readonly event: string;
  /** Oldest first. Each is a JSON value; bytes appear only in MessagePack, elsewhere as base64 text. */
  readonly items: readonly unknown[];
}

export interface JoinMessage {
  readonly type: "join";
  readonly channel: string;
  readonly member: Member;
}

export interface LeaveMessage {
  readonly type: "leave";
  readonly channel: string;
  readonly member: Member;
}

/** Sent when the server had nothing else to say for `heartbeatMs`. */
export interface HeartbeatMessage {
  readonly type: "heartbeat";
}

export interface PongMessage {
  readonly type: "pong";
}

export type ServerMessage =
  | ConnectedMessage
  | SubscribedMessage
  | UnsubscribedMessage
  | PublishedMessage
  | PublicationMessage
  | BatchMessage
  | JoinMessage
  | LeaveMessage
  | SendMessage
  | RequestMessage
  | ResponseMessage
  | (ErrorMessage & { readonly code: ErrorCode })
  | GapMessage
  | HistoryPageMessage
  | AckMessage
  | HeartbeatMessage
  | PongMessage
  | WhisperedMessage
  | ExpiringMessage
  | RefreshedMessage;
