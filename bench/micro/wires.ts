import type { Handshake } from "../../src/engine/handshake.ts";
import type { Packet, Wire, WireHandler } from "../../src/engine/ports/wire.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createServer, type Server } from "../../src/server/server.ts";
import { frame } from "../../src/transports/websocket/framing.ts";
import { SharedSends, type Sends, type Sink } from "../../src/transports/shared-sends.ts";

/** A wire that shares its bytes with others as a WebSocket does, and writes them nowhere. */
export class CountingWire implements Wire, Sink {
  readonly transport = "in-process";
  readonly bufferedBytes = 0;
  readonly lastWriteAt = 0;
  writes = 0;
  handler: WireHandler | undefined;
  readonly #sends: Sends;

  constructor(shared: SharedSends) {
    this.#sends = shared.sends(this);
  }

  send(packet: Packet): void {
    this.#sends.push(packet);
  }

  write(): void {
    this.writes += 1;
  }

  whenDrained(run: () => void): void {
    setImmediate(run);
  }

  pause(): void {}
  resume(): void {}

  close(): void {
    this.destroy();
  }

  destroy(): void {
    this.handler?.closed(1000, "");
    this.handler = undefined;
  }
}

/** A server, and so many connections that are subscribed to one channel of it. */
export interface Crowd {
  readonly server: Server;
  readonly wires: readonly CountingWire[];
  /** Sends what the first of them says. */
  say(message: object): void;
}

export async function crowd(size: number, channel: string): Promise<Crowd> {
  const server = createServer();
  const shared = new SharedSends(frame, systemClock);
  const wires = Array.from({ length: size }, () => new CountingWire(shared));
  const handlers: WireHandler[] = [];
  for (const wire of wires) {
    const handler = await server.accept(wire, handshake());
    wire.handler = handler;
    handlers.push(handler);
    handler.receive(`{"type":"connect"}`);
    handler.receive(JSON.stringify({ type: "subscribe", ref: 1, channel }));
  }
  await turn();
  return { server, wires, say: (message) => handlers[0]!.receive(JSON.stringify(message)) };
}

/** Until what was sent in this turn has been written. */
export function turn(): Promise<void> {
  // Twice: the first may have been asked for before the flush was.
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

export function handshake(path = "/carillon"): Handshake {
  const url = new URL(`http://127.0.0.1${path}`);
  const headers = new Headers({ host: url.host });
  return {
    method: "GET",
    path: url.pathname,
    url,
    headers,
    header: (name) => headers.get(name) ?? undefined,
    rawHeaders: ["Host", url.host],
    ip: "127.0.0.1",
    secure: false,
    locals: {},
  };
}
