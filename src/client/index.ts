export { CarillonError } from "../errors/carillon-error.ts";
export type { ErrorCode } from "../errors/codes.ts";
export type { Answer, EventPattern, Payload } from "../events/event-map.ts";
export type { Clock, Timer } from "../platform/clock.ts";
export type { Random } from "../platform/random.ts";
export type { Codec, CodecFrame } from "../protocol/codec.ts";
export type { Member, Sender } from "../protocol/messages.ts";
export type {
  Channel,
  ChannelState,
  HistoryPage,
  HistoryRange,
  Publication,
  PublicationHandler,
  PublishOptions,
  SubscribeOptions,
  Whisper,
  WhisperHandler,
} from "./channel.ts";
export type { Client, ConnectOptions, RequestOptions } from "./client.ts";
export { createClient } from "./create-platform-client.ts";
export type {
  ClientEventName,
  ConnectEvent,
  DataParameter,
  DisconnectEvent,
  EventContext,
  EventHandler,
  GapEvent,
  LifecycleEvents,
  RequestName,
} from "./events.ts";
export type { BatchOptions, ClientOptions } from "./options.ts";
export type { Presence } from "./presence.ts";
export type { ReconnectOptions } from "./reconnect.ts";
export type { ClientState } from "./state.ts";
export type { TokenOption } from "./token.ts";
export type { Link, LinkHandler, Transport, TransportRequest } from "./transports/transport.ts";
export { longPolling } from "./transports/long-polling.ts";
export { sse } from "./transports/sse.ts";
export { webSocket, type WebSocketOptions } from "./transports/websocket.ts";
