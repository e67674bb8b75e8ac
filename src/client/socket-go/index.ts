export { CarillonError } from "../../errors/carillon-error.ts";
export type { ConnectOptions } from "../client.ts";
export type { DisconnectEvent } from "../events.ts";
export { plainWebSocket as socketGoWebSocket } from "../foreign/plain-web-socket.ts";
export type { RedialOptions } from "../foreign/redial.ts";
export type { SocketGoClient, SocketGoConnectEvent, SocketGoHandler } from "./client.ts";
export { connectSocketGo, createSocketGoClient } from "./create-client.ts";
export type { SocketGoLink, SocketGoTransport } from "./link.ts";
export type { SocketGoBatchOptions, SocketGoClientOptions } from "./options.ts";
export {
  socketGoPolling,
  type PollingAnswer,
  type PollingRequest,
  type SendRequest,
  type SocketGoPollingOptions,
} from "./polling.ts";
