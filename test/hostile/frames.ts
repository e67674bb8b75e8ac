import { once } from "node:events";
import type { Socket } from "node:net";
import { handshake } from "../server/raw-client.ts";
import { turn } from "../transports/http/serve.ts";

/** What a frame may be besides right. */
export interface FrameOptions {
  readonly fin?: boolean;
  /** Reserved bits, as they stand in the first byte. */
  readonly rsv?: number;
  readonly masked?: boolean;
}

/** A client's frame, masked with zeros, which changes nothing. */
export function frame(
  opcode: number,
  payload: Uint8Array | string = "",
  { fin = true, rsv = 0, masked = true }: FrameOptions = {},
): Buffer {
  const bytes = Buffer.from(payload);
  const mask = masked ? 0x80 : 0;
  return Buffer.concat([
    Buffer.from([(fin ? 0x80 : 0) | rsv | opcode]),
    lengthOf(bytes.length, mask),
    Buffer.alloc(masked ? 4 : 0),
    bytes,
  ]);
}

function lengthOf(length: number, mask: number): Buffer {
  if (length < 126) return Buffer.from([mask | length]);
  if (length < 65_536) return Buffer.from([mask | 126, length >> 8, length & 255]);
  const long = Buffer.alloc(9);
  long[0] = mask | 127;
  long.writeBigUInt64BE(BigInt(length), 1);
  return long;
}

export const text = (payload: Uint8Array | string, options?: FrameOptions): Buffer => frame(1, payload, options);
export const connect: Buffer = text('{"type":"connect"}');
export const ping: Buffer = text('{"type":"ping"}');

/** A close frame with this code. */
export function closing(code: number, reason: Uint8Array | string = ""): Buffer {
  return frame(8, Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]));
}

/** The same bytes for the same seed. @see xorshift32 */
export function noise(seed: number, length: number): Buffer {
  let state = seed;
  return Buffer.from(
    Array.from({ length }, () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state & 255;
    }),
  );
}

/** What the server wrote, until it ended the connection or enough was read. */
export interface Written {
  readonly texts: readonly string[];
  /** Payloads of pongs. */
  readonly pongs: number;
  /** The code of its close frame; 1006 without any. */
  readonly code: number;
}

/** A socket after a WebSocket handshake, on which anything may be written. */
export class RawSocket {
  readonly socket: Socket;
  readonly extensions: string | undefined;
  #bytes = Buffer.alloc(0);
  #isOver = false;

  private constructor(socket: Socket, extensions: string | undefined) {
    this.socket = socket;
    this.extensions = extensions;
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => (this.#bytes = Buffer.concat([this.#bytes, chunk])));
    socket.on("end", () => (this.#isOver = true));
    socket.on("close", () => (this.#isOver = true));
  }

  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<RawSocket> {
    const { status, socket, headers: answered } = await handshake(url, { headers });
    if (!socket) throw new Error(`the handshake was answered with ${status}`);
    return new RawSocket(socket, answered["sec-websocket-extensions"]);
  }

  /** @returns once the bytes are out, or cannot go out any more */
  async write(...parts: readonly Uint8Array[]): Promise<void> {
    if (!this.socket.destroyed && !this.socket.write(Buffer.concat(parts))) {
      await Promise.race([once(this.socket, "drain"), once(this.socket, "close")]);
    }
  }

  get written(): Written {
    const texts: string[] = [];
    let pongs = 0;
    let code = 1006;
    for (let at = 0; at + 2 <= this.#bytes.length;) {
      const short = this.#bytes[at + 1]! & 127;
      const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
      const length =
        short < 126 ? short : short === 126 ? this.#bytes.readUInt16BE(at + 2) : this.#bytes.readUInt32BE(at + 6);
      const payload = this.#bytes.subarray(start, start + length);
      if (payload.length < length) break;
      const opcode = this.#bytes[at]! & 15;
      if (opcode === 8 && code === 1006) code = length < 2 ? 1005 : payload.readUInt16BE(0);
      if (opcode === 10) pongs += 1;
      if (opcode === 1) texts.push(payload.toString());
      at = start + length;
    }
    return { texts, pongs, code };
  }

  /** Waits until it fits, or the server has ended the connection. */
  async until(fits: (written: Written) => boolean): Promise<Written> {
    while (!this.#isOver && !fits(this.written)) await turn();
    return this.written;
  }

  /** What has come once the server has ended the connection; its close frame is answered by an end. */
  async ended(): Promise<Written> {
    await this.until(({ code }) => code !== 1006);
    this.socket.end();
    while (!this.#isOver) await turn();
    this.socket.destroy();
    return this.written;
  }

  leave(): void {
    this.socket.destroy();
  }
}
