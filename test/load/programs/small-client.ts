import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { decode, encode } from "@msgpack/msgpack";

/** What a client is told; of its fields, those that a test looks at. */
export interface Told {
  readonly type: string;
  readonly ref?: number;
  readonly channel?: string;
  readonly event?: string;
  readonly data?: unknown;
}

export interface SmallClientOptions {
  readonly port: number;
  readonly format: "json" | "msgpack";
  readonly token: string;
  readonly hear: (told: Told) => void;
  /** The server closed it, or the socket ended: then with 1006. */
  readonly closed: (code: number) => void;
}

const nothing: Buffer = Buffer.alloc(0);

/** A native client that is small enough for a thousand of them to share one thread: it believes whatever the server says. */
export class SmallClient {
  readonly socket: Socket;
  readonly #binary: boolean;
  readonly #hear: (told: Told) => void;
  readonly #closed: (code: number) => void;
  #rest: Buffer = nothing;
  #isUpgraded = false;
  #isClosed = false;

  private constructor({ port, format, hear, closed }: SmallClientOptions) {
    this.#binary = format === "msgpack";
    this.#hear = hear;
    this.#closed = closed;
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.socket.on("data", (chunk: Buffer) => this.#read(chunk));
    this.socket.on("error", () => this.#end(1006));
    this.socket.on("close", () => this.#end(1006));
    this.socket.write(
      "GET /carillon HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
        `Sec-WebSocket-Protocol: carillon.v1.${format}\r\n\r\n`,
    );
  }

  /** Resolves once the server has said `connected`. */
  static async connect(options: SmallClientOptions): Promise<SmallClient> {
    const welcome = Promise.withResolvers<void>();
    const client = new SmallClient({
      ...options,
      hear(told) {
        if (told.type === "connected") welcome.resolve();
        else options.hear(told);
      },
      closed(code) {
        welcome.reject(new Error(`closed with ${code}`));
        options.closed(code);
      },
    });
    client.say({ type: "connect", token: options.token });
    await welcome.promise;
    return client;
  }

  /** Sends one message, or a list of them in one frame. */
  say(message: unknown): void {
    const payload = this.#binary ? encode(message) : Buffer.from(JSON.stringify(message));
    this.#write(this.#binary ? 2 : 1, payload);
  }

  async destroy(): Promise<void> {
    const ended = this.#isClosed && this.socket.destroyed ? undefined : once(this.socket, "close");
    this.socket.destroy();
    await ended;
  }

  /** One frame, masked with zeros. */
  #write(opcode: number, payload: Uint8Array): void {
    const { length } = payload;
    if (length > 0xffff) throw new Error("too long for a small client");
    const head = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 0xff];
    this.socket.write(Buffer.concat([Uint8Array.of(0x80 | opcode, ...head, 0, 0, 0, 0), payload]));
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = this.#isUpgraded ? 0 : this.#skipHandshake(bytes);
    while (at + 2 <= bytes.length) {
      const short = bytes[at + 1]!;
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (at + head > bytes.length) break;
      const length =
        short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
      const end = at + head + length;
      if (end > bytes.length) break;
      this.#take(bytes[at]!, bytes, at + head, end);
      at = end;
    }
    this.#rest = at === bytes.length ? nothing : bytes.subarray(at);
  }

  /** @returns the offset behind the answer to the handshake; 0: it is not all here */
  #skipHandshake(bytes: Buffer): number {
    const end = bytes.indexOf("\r\n\r\n");
    if (end < 0) return 0;
    if (!bytes.toString("latin1", 0, end).startsWith("HTTP/1.1 101 ")) throw new Error("the handshake was refused");
    this.#isUpgraded = true;
    return end + 4;
  }

  #take(first: number, bytes: Buffer, start: number, end: number): void {
    switch (first) {
      case 0x81:
        return this.#hear(JSON.parse(bytes.toString("utf8", start, end)) as Told);
      case 0x82:
        return this.#hear(decode(bytes.subarray(start, end)) as Told);
      case 0x88:
        return this.#end(end - start >= 2 ? bytes.readUInt16BE(start) : 1005);
      case 0x89:
        return this.#write(10, bytes.subarray(start, end));
      default:
        throw new Error(`a frame that begins with ${first}`);
    }
  }

  #end(code: number): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closed(code);
  }
}

/** Connects clients, fewer at a time than a listening socket keeps waiting. */
export async function connectAll(options: readonly SmallClientOptions[]): Promise<readonly SmallClient[]> {
  const clients: SmallClient[] = [];
  for (let first = 0; first < options.length; first += 100) {
    clients.push(...(await Promise.all(options.slice(first, first + 100).map((one) => SmallClient.connect(one)))));
  }
  return clients;
}
