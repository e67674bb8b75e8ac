export { rtbroadcaster } from "./dialect.ts";

export type { Rtbroadcaster, RtbroadcasterBroadcastOptions, RtbroadcasterRoom } from "./dialect.ts";
export type { RtbroadcasterOptions } from "./options.ts";
export type { SocketOptions } from "../web-socket-settings.ts";
