export { aoWebsockets } from "./dialect.ts";
export { AoMockSocket } from "./mock-socket.ts";

export type { AoWebsockets } from "./dialect.ts";
export type { AoConnection, AoFilter, AoHandler, AoIncoming, AoMessage } from "./connection.ts";
export type { AoPayload } from "./message.ts";
export type { AoContainer, AoLogger, AoWebsocketsConfig, AoWebsocketsOptions } from "./options.ts";
export type { AoSocket } from "./prepared-socket.ts";
export type { SocketOptions } from "../web-socket-settings.ts";
