export { rtbroadcaster } from "./dialect.ts";

export type { Rtbroadcaster, RtbroadcasterBroadcastOptions, RtbroadcasterRoom } from "./dialect.ts";
export type { RtbroadcasterOptions } from "./options.ts";
