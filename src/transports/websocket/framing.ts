import type { Frame, Packet } from "../../engine/ports/wire.ts";

/** @see RFC 6455, section 5.2 */
export const opcodes = { text: 0x1, binary: 0x2 } as const;

/**
 * Packets as WebSocket frames: each frame of a packet becomes one, unmasked and unfragmented, all in one buffer.
 *
 * @see RFC 6455, section 5.2
 */
export function frame(packets: readonly Packet[]): Buffer {
  let total = 0;
  for (const packet of packets) {
    for (const part of packet) {
      const length = payloadLength(part);
      total += headerLength(length) + length;
    }
  }
  const target = Buffer.allocUnsafe(total);
  let offset = 0;
  for (const packet of packets) for (const part of packet) offset = writeFrame(part, target, offset);
  return target;
}

function writeFrame(part: Frame, target: Buffer, start: number): number {
  const length = payloadLength(part);
  const offset = writeHeader(target, start, typeof part === "string" ? opcodes.text : opcodes.binary, length);
  if (typeof part === "string") target.write(part, offset, length, "utf8");
  else target.set(part, offset);
  return offset + length;
}

function payloadLength(frame: Frame): number {
  return typeof frame === "string" ? Buffer.byteLength(frame) : frame.length;
}

/** What a frame's header takes, for a payload of so many bytes. */
export function headerLength(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10;
}

/**
 * Writes the header of a final frame.
 *
 * @param first the opcode, and reserved bits of extensions
 * @returns the offset behind it
 */
export function writeHeader(target: Buffer, offset: number, first: number, length: number): number {
  target[offset] = 0x80 | first;
  if (length < 126) {
    target[offset + 1] = length;
    return offset + 2;
  }
  if (length < 65_536) {
    target[offset + 1] = 126;
    target[offset + 2] = length >>> 8;
    target[offset + 3] = length & 0xff;
    return offset + 4;
  }
  target[offset + 1] = 127;
  target.writeUInt32BE(Math.floor(length / 2 ** 32), offset + 2);
  target.writeUInt32BE(length >>> 0, offset + 6);
  return offset + 10;
}
