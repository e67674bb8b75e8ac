import { constants, deflateRawSync } from "node:zlib";
import type { Frame, Packet } from "../../engine/ports/wire.ts";
import type { Framing } from "../shared-sends.ts";
import { frame, headerLength, opcodes, writeHeader } from "./framing.ts";

/** Marks a message as compressed. @see RFC 7692, section 7.2.3.1 */
const rsv1 = 0x40;

/** What ends a flushed block, and is left out. @see RFC 7692, section 7.2.1 */
const tailLength = 4;

/** The fastest level: the next one saves a few percent of the bytes, and costs twice the time. */
const options = { level: 1, finishFlush: constants.Z_SYNC_FLUSH };

/**
 * The framing of wires with permessage-deflate: what has at least `fromBytes` is compressed.
 *
 * Each message stands for itself (no context takeover), so that one that goes to many is compressed once for all of them.
 */
export function deflating(fromBytes: number): Framing {
  const done = new WeakMap<Packet, Uint8Array>();
  const framed = (packet: Packet): Uint8Array => {
    let bytes = done.get(packet);
    if (!bytes) done.set(packet, (bytes = Buffer.concat(packet.map((part) => compressed(part, fromBytes)))));
    return bytes;
  };
  return (packets) => (packets.length === 1 ? framed(packets[0]!) : Buffer.concat(packets.map(framed)));
}

function compressed(part: Frame, fromBytes: number): Buffer {
  const payload = typeof part === "string" ? Buffer.from(part) : part;
  if (payload.length < fromBytes) return frame([[part]]);
  const deflated = deflateRawSync(payload, options);
  const length = deflated.length - tailLength;
  // What cannot be compressed goes as it is.
  if (length >= payload.length) return frame([[part]]);
  const header = headerLength(length);
  const target = Buffer.allocUnsafe(header + length);
  writeHeader(target, 0, rsv1 | (typeof part === "string" ? opcodes.text : opcodes.binary), length);
  deflated.copy(target, header, 0, length);
  return target;
}
