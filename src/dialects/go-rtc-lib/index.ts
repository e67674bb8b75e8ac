export { createRegistry } from "./create-registry.ts";
export { broadcast, echo, groups } from "./demos.ts";
export { getGlobalRegistry, registerHandler } from "./global-registry.ts";
export { ByteMessage, JsonMessage } from "./messages.ts";

export type { RtcConnection } from "./connection.ts";
export type { ByteMessageParts, Content, Deserialize, Message } from "./messages.ts";
export type { RegistryOptions } from "./options.ts";
export type { HandleMessage, MessageHandler, Registry, RtcBroadcastOptions } from "./registry.ts";
export type { SocketOptions } from "../web-socket-settings.ts";
