import type { Encoder } from "../../engine/ports/encoder.ts";
import type { Codec } from "../../protocol/codec.ts";
import { nativeEncoder } from "./encoder.ts";

/** A codec, and the encoder that all its clients share. */
export interface Format {
  readonly codec: Codec;
  readonly encoder: Encoder;
}

export function nativeFormat(codec: Codec): Format {
  return { codec, encoder: nativeEncoder(codec) };
}
