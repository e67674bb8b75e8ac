/** Milliseconds on a clock that all processes of a machine share and nobody sets. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Bytes that begin with the time: a payload that costs its receivers little. */
export function timed(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  new DataView(bytes.buffer).setFloat64(0, now());
  return bytes;
}

export function timeOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0);
}
