/** @see RFC 6455, section 5.2 */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** One WebSocket message, or one control frame. */
export interface Message {
  readonly opcode: number;
  /** Unmasked; as it was compressed, where it was. */
  readonly payload: Buffer;
  readonly isCompressed: boolean;
  /** As it came, all its fragments. */
  readonly raw: Buffer;
}

interface Frame {
  readonly isFinal: boolean;
  readonly isCompressed: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
  readonly raw: Buffer;
}

/** Finds the messages in one direction of a WebSocket. It checks nothing: what is wrong goes on as it came. */
export class MessageReader {
  #rest: Buffer = Buffer.alloc(0);
  #fragments: Frame[] = [];

  /** The messages that are whole now. */
  push(chunk: Buffer): readonly Message[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const messages: Message[] = [];
    for (let frame = readFrame(this.#rest); frame; frame = readFrame(this.#rest)) {
      this.#rest = this.#rest.subarray(frame.raw.length);
      if (frame.opcode >= opcodes.close) {
        messages.push(frame);
        continue;
      }
      this.#fragments.push(frame);
      if (!frame.isFinal) continue;
      const [first = frame] = this.#fragments;
      messages.push({
        opcode: first.opcode,
        isCompressed: first.isCompressed,
        payload: Buffer.concat(this.#fragments.map(({ payload }) => payload)),
        raw: Buffer.concat(this.#fragments.map(({ raw }) => raw)),
      });
      this.#fragments = [];
    }
    return messages;
  }
}

/** @returns `undefined` as long as it is not whole */
function readFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  const short = second & 127;
  const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
  const maskBytes = second & 128 ? 4 : 0;
  const begin = 2 + lengthBytes + maskBytes;
  if (bytes.length < begin) return undefined;
  const length =
    lengthBytes === 8 ? Number(bytes.readBigUInt64BE(2)) : lengthBytes === 2 ? bytes.readUInt16BE(2) : short;
  if (bytes.length < begin + length) return undefined;
  const raw = bytes.subarray(0, begin + length);
  const payload = raw.subarray(begin);
  return {
    isFinal: (first & 128) !== 0,
    isCompressed: (first & 64) !== 0,
    opcode: first & 15,
    payload: maskBytes ? masked(payload, raw.subarray(begin - 4, begin)) : payload,
    raw,
  };
}

/** One frame; `mask` as a client has to. */
export function writeFrame(opcode: number, payload: Buffer, mask?: Buffer): Buffer {
  const head =
    payload.length < 126
      ? Buffer.from([128 | opcode, payload.length])
      : payload.length < 65_536
        ? Buffer.from([128 | opcode, 126, payload.length >> 8, payload.length & 255])
        : Buffer.concat([Buffer.from([128 | opcode, 127]), eightBytes(payload.length)]);
  if (!mask) return Buffer.concat([head, payload]);
  head[1] = head[1]! | 128;
  return Buffer.concat([head, mask, masked(payload, mask)]);
}

/** What a close frame says. */
export function closePayload(code: number, reason: string): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]);
}

function masked(payload: Buffer, mask: Buffer): Buffer {
  const copy = Buffer.allocUnsafe(payload.length);
  for (let at = 0; at < payload.length; at += 1) copy[at] = payload[at]! ^ mask[at & 3]!;
  return copy;
}

function eightBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
