export { createServer } from "./server/server.ts";
export { healthHandler } from "./server/health.ts";
export { memoryBroker } from "./brokers/memory.ts";
export { native } from "./dialects/native/dialect.ts";
export { CarillonError } from "./errors/carillon-error.ts";
export { closeCodes, mayReconnect } from "./errors/close-codes.ts";
export { errorCodes } from "./errors/codes.ts";
export { errorFamily } from "./errors/families.ts";

export type { MemoryBrokerOptions } from "./brokers/memory.ts";
export type {
  Ending,
  Failure,
  ConnectAttempt,
  Identity,
  InboundMessage,
  Interceptor,
  Middleware,
  Refusal,
} from "./engine/application.ts";
export type { ChannelAttempt, ChannelRule } from "./engine/channel-rules.ts";
export type { Grant } from "./engine/grant.ts";
export type { Connection, ConnectionData, RequestOptions } from "./engine/connection.ts";
export type { Published } from "./engine/publishing.ts";
export type { Handshake } from "./engine/handshake.ts";
export type { Limits } from "./engine/limits.ts";
export type {
  Accepted,
  Broker,
  BrokerEvents,
  HistoryPage,
  HistoryPolicy,
  HistoryRange,
  StatePolicy,
  StateWrite,
  Keep,
  Signal,
} from "./engine/ports/broker.ts";
export type { Frame, Packet, Wire, WireHandler } from "./engine/ports/wire.ts";
export type { Member, PresenceKind } from "./engine/presence.ts";
export type { Position, Publication, Sender } from "./engine/publication.ts";
export type { Revocation } from "./engine/revoking.ts";
export type { Stats } from "./engine/stats.ts";
export type { NativeOptions } from "./dialects/native/options.ts";
export type { Dialect } from "./dialects/dialect.ts";
export type { ErrorCode } from "./errors/codes.ts";
export type { ErrorFamily } from "./errors/families.ts";
export type { CarillonErrorOptions } from "./errors/carillon-error.ts";
export type { Answer, EventName, EventPattern, Payload } from "./events/event-map.ts";
export type { Clock, Timer } from "./platform/clock.ts";
export type { Random } from "./platform/random.ts";
export type { AdmissionOptions } from "./server/admission.ts";
export type { BatchOptions } from "./server/batches.ts";
export type { TrustProxy } from "./server/client-address.ts";
export type { ConnectEvent, DisconnectEvent, ErrorEvent, Incoming, ServerOn } from "./server/events.ts";
export type { Listening, ListenOptions, TlsOptions } from "./server/http-server.ts";
export type { EventLoopDelay } from "./server/event-loop.ts";
export type { Health, HealthOptions } from "./server/health.ts";
export type { Logger } from "./server/logger.ts";
export type { MessageRateOptions } from "./server/message-rate.ts";
export type { ServerOptions } from "./server/options.ts";
export type { ServerStats } from "./server/stats.ts";
export type { BroadcastOptions, CloseOptions, Server } from "./server/server.ts";
export type { ChannelPublishOptions, PublishOptions, ServerChannel, ServerChannels } from "./server/server-channel.ts";
