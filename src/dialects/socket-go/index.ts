export { socketGo } from "./dialect.ts";

export type { Room, ShutdownOptions, ShutdownReport, SocketGo } from "./dialect.ts";
export type { SocketHandler } from "./event-handlers.ts";
export type { SocketGoOptions } from "./options.ts";
export type { Socket } from "./socket.ts";
