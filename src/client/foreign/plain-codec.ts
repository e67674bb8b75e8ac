import type { Codec } from "../../protocol/codec.ts";

/** For transports of languages other than the native one: no subprotocol is asked for, and frames are never joined. */
export const plainCodec: Codec = {
  subprotocol: "",
  encode: (message) => JSON.stringify(message),
  join: (frames) => frames[0] ?? "",
  decode: (frame) => [frame],
};
