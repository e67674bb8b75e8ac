import type { Encoder } from "../../engine/ports/encoder.ts";
import type { Codec } from "../../protocol/codec.ts";
import { subprotocols } from "../../protocol/messages.ts";
import type { HttpFormat } from "../dialect.ts";
import { nativeEncoder } from "./encoder.ts";

/** A codec, and the encoder that all its clients share. */
export interface Format {
  readonly codec: Codec;
  readonly encoder: Encoder;
}

export function nativeFormat(codec: Codec): Format {
  return { codec, encoder: nativeEncoder(codec) };
}

/** The same over plain requests. */
export function httpFormat({ subprotocol, join }: Codec): HttpFormat {
  const isBinary = subprotocol === subprotocols.msgpack;
  return { contentType: isBinary ? "application/vnd.msgpack" : "application/json", subprotocol, isBinary, join };
}
