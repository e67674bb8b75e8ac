import { Buffer } from "node:buffer";
import type { Dialect, HttpSettings, WebSocketSettings } from "../../../src/dialects/dialect.ts";
import type { Handshake } from "../../../src/engine/handshake.ts";
import type { Frame, Wire } from "../../../src/engine/ports/wire.ts";

/** One session of the echo dialect. */
export interface Echoing {
  readonly wire: Wire;
  readonly handshake: Handshake;
  readonly subprotocol: string | undefined;
  readonly received: Frame[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** A dialect that sends back what it is sent, and lets a test hold the wires. */
export class Echo implements Dialect {
  readonly name = "echo";
  readonly origins = "server";
  readonly sessions: Echoing[] = [];
  readonly #http: Partial<HttpSettings>;
  readonly #webSocket: Partial<WebSocketSettings>;
  /** What a frame leads to, instead of an echo. */
  onFrame: (session: Echoing, frame: Frame) => void = ({ wire }, frame) => wire.send([frame]);
  onOpen: () => void = () => undefined;
  /** Instead of letting it open. */
  onRoute: () => ReturnType<ReturnType<Dialect["mount"]>["route"]> = () => ({ kind: "open" });

  constructor(http: Partial<HttpSettings> = {}, webSocket: Partial<WebSocketSettings> = {}) {
    this.#http = http;
    this.#webSocket = webSocket;
  }

  get last(): Echoing {
    return this.sessions.at(-1)!;
  }

  mount(): ReturnType<Dialect["mount"]> {
    const maxMessageBytes = 1_000;
    return {
      webSocket: {
        maxMessageBytes,
        pingMs: 0,
        pongMs: 0,
        maxBufferedBytes: 100_000,
        compressFromBytes: 0,
        ...this.#webSocket,
      },
      http: {
        maxMessageBytes,
        maxBufferedBytes: 100_000,
        pollHoldMs: 25_000,
        linkIdleMs: 30_000,
        formats: [
          {
            contentType: "application/json",
            subprotocol: "text",
            isBinary: false,
            join: (frames) => `[${frames.join(",")}]`,
          },
          {
            contentType: "application/vnd.msgpack",
            subprotocol: "bytes",
            isBinary: true,
            join: (frames) => Buffer.concat(frames as readonly Uint8Array[]),
          },
        ],
        ...this.#http,
      },
      route: () => this.onRoute(),
      open: (wire, handshake, subprotocol) => {
        const ended = Promise.withResolvers<{ code: number; reason: string }>();
        const session: Echoing = { wire, handshake, subprotocol, received: [], closed: ended.promise };
        this.sessions.push(session);
        this.onOpen();
        return {
          receive: (frame) => {
            session.received.push(frame);
            this.onFrame(session, frame);
          },
          closed: (code, reason) => ended.resolve({ code, reason }),
        };
      },
    };
  }
}
