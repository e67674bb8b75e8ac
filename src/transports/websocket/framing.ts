import type { Frame, Packet } from "../../engine/ports/wire.ts";

const encoder = new TextEncoder();

/**
 * A packet as WebSocket frames, one unmasked and unfragmented frame each.
 *
 * @see RFC 6455, section 5.2
 */
export function framesOf(packet: Packet): Uint8Array {
  const parts = packet.map((frame) => ({ opcode: typeof frame === "string" ? 0x1 : 0x2, payload: bytesOf(frame) }));
  const total = parts.reduce((sum, { payload }) => sum + headerLength(payload.length) + payload.length, 0);
  const bytes = new Uint8Array(total);
  let offset = 0;
  for (const { opcode, payload } of parts) {
    offset = writeHeader(bytes, offset, opcode, payload.length);
    bytes.set(payload, offset);
    offset += payload.length;
  }
  return bytes;
}

function bytesOf(frame: Frame): Uint8Array {
  return typeof frame === "string" ? encoder.encode(frame) : frame;
}

function headerLength(payloadLength: number): number {
  return payloadLength < 126 ? 2 : payloadLength < 65_536 ? 4 : 10;
}

function writeHeader(bytes: Uint8Array, start: number, opcode: number, payloadLength: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint8(start, 0x80 | opcode);
  if (payloadLength < 126) {
    view.setUint8(start + 1, payloadLength);
    return start + 2;
  }
  if (payloadLength < 65_536) {
    view.setUint8(start + 1, 126);
    view.setUint16(start + 2, payloadLength);
    return start + 4;
  }
  view.setUint8(start + 1, 127);
  view.setBigUint64(start + 2, BigInt(payloadLength));
  return start + 10;
}
