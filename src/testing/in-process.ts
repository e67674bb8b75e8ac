import type { Link, LinkHandler, Transport } from "../client/transports/transport.ts";
import type { Handshake } from "../engine/handshake.ts";
import type { Frame, Packet, Wire, WireHandler } from "../engine/ports/wire.ts";
import { CarillonError } from "../errors/carillon-error.ts";
import type { Server } from "../server/server.ts";

/**
 * A transport that reaches a server in the same process, without a socket.
 *
 * Frames travel in microtasks: nothing is received while the sender still runs, and no time passes.
 */
export function inProcess<Events extends object, Data extends object>(server: Server<Events, Data>): Transport {
  return {
    name: "in-process",
    async connect({ url, codec: { subprotocol }, signal }) {
      const pipe = new Pipe();
      const handler = await server.accept(pipe.wire, handshakeOf(new URL(url), subprotocol)).catch((cause: unknown) => {
        throw new CarillonError("connect-failed", { cause });
      });
      pipe.serve(handler);
      if (signal.aborted) {
        pipe.link.close();
        throw new CarillonError("connect-failed", { message: "it was given up" });
      }
      return Object.assign(pipe.link, { subprotocol });
    },
  };
}

function handshakeOf(url: URL, subprotocol: string): Handshake {
  const headers = { host: url.host, "sec-websocket-protocol": subprotocol };
  return {
    method: "GET",
    path: url.pathname,
    url,
    headers: new Headers(headers),
    rawHeaders: Object.entries(headers).flat(),
    header: (name) => new Headers(headers).get(name) ?? undefined,
    ip: "127.0.0.1",
    secure: url.protocol === "wss:",
    locals: {},
  };
}

/** Both ends of one connection. Each end's arrivals wait for its handler, and for `resume`. */
class Pipe {
  readonly wire: Wire;
  readonly link: Link;
  readonly #toServer = new Queue();
  readonly #toClient = new Queue();

  constructor() {
    const toServer = this.#toServer;
    const toClient = this.#toClient;
    this.wire = {
      transport: "in-process",
      bufferedBytes: 0,
      // Nothing counts as written, because whose time would it be? One heartbeat too many harms nobody.
      lastWriteAt: 0,
      send(packet: Packet) {
        for (const frame of packet) toClient.push((handler) => (handler as LinkHandler).frame(frame));
      },
      whenDrained: (run) => toClient.afterwards(run),
      pause: () => toServer.hold(),
      resume: () => toServer.release(),
      close: (code = 1005, reason = "") => this.#endByServer(code, reason),
      destroy: () => this.#endByServer(1006, ""),
    };
    this.link = {
      subprotocol: "",
      bufferedBytes: 0,
      send(frames: readonly Frame[]) {
        for (const frame of frames) toServer.push((handler) => (handler as WireHandler).receive(frame));
      },
      receive: (handler) => toClient.serve(handler),
      close: (code = 1000, reason = "") => this.#endByClient(code, reason),
    };
  }

  serve(handler: WireHandler): void {
    this.#toServer.serve(handler);
  }

  #endByServer(code: number, reason: string): void {
    this.#toServer.forget();
    this.#toServer.end(code, reason);
    this.#toClient.end(code, reason);
  }

  /** As on a network: the server reads what came before, and its answers still arrive. */
  #endByClient(code: number, reason: string): void {
    this.#toServer.end(code, reason, () => this.#toClient.end(code, reason));
  }
}

type Handler = LinkHandler | WireHandler;
type Arrival = (handler: Handler) => void;

class Queue {
  #arrivals: Arrival[] = [];
  #handler: Handler | undefined;
  #held = false;
  #finished = false;
  #scheduled = false;

  push(arrival: Arrival): void {
    if (this.#finished) return;
    this.#arrivals.push(arrival);
    this.#schedule();
  }

  /** Runs something once everything before it was received; never after the end. */
  afterwards(run: () => void): void {
    this.push(() => queueMicrotask(() => this.#finished || run()));
  }

  serve(handler: Handler): void {
    this.#handler = handler;
    this.#schedule();
  }

  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#schedule();
  }

  /** What has arrived and was not read yet never will be; an end that is on its way stays. */
  forget(): void {
    if (!this.#finished) this.#arrivals = [];
  }

  /** The last arrival; once more is harmless. */
  end(code: number, reason: string, after?: () => void): void {
    this.release();
    this.push((handler) => {
      handler.closed(code, reason);
      after?.();
    });
    this.#finished = true;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      while (this.#handler && !this.#held) {
        const arrival = this.#arrivals.shift();
        if (!arrival) return;
        arrival(this.#handler);
      }
    });
  }
}
