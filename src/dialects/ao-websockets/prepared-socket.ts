import type { Locals, Handshake } from "../../engine/handshake.ts";
import type { Frame, Packet, Wire, WireHandler } from "../../engine/ports/wire.ts";
import type { Clock } from "../../platform/clock.ts";

/** A connection that somebody else has prepared: for tests, and for sockets that no server of ours has opened. */
export interface AoSocket {
  /** What the HTTP layer knew of it. */
  readonly locals?: Locals;
  /** The client's next message. Rejects when there will be none, and once it is closed. */
  readMessage(): Promise<Frame>;
  /** May throw: then the connection ends. */
  writeMessage(message: Frame): void;
  /** May throw. */
  close(code?: number, reason?: string): void;
}

/** A prepared connection as a wire. */
export class PreparedWire implements Wire {
  readonly transport = "in-process";
  readonly bufferedBytes = 0;
  lastWriteAt: number;
  readonly #socket: AoSocket;
  readonly #clock: Pick<Clock, "now">;
  #handler: WireHandler | undefined;
  #isOver = false;
  /** Pending while it is paused. */
  #going: Promise<void> | undefined;
  #go: (() => void) | undefined;

  constructor(socket: AoSocket, clock: Pick<Clock, "now">) {
    this.#socket = socket;
    this.#clock = clock;
    this.lastWriteAt = clock.now();
  }

  /** Hands on what is read, until one of both sides ends it. */
  async serve(handler: WireHandler): Promise<void> {
    this.#handler = handler;
    if (this.#isOver) handler.closed(1006, "");
    while (!this.#isOver) {
      if (this.#going) await this.#going;
      try {
        const message = await this.#socket.readMessage();
        if (!this.#isOver) handler.receive(message);
      } catch {
        this.#end(1006, "");
      }
    }
  }

  send(packet: Packet): void {
    if (this.#isOver) return;
    this.lastWriteAt = this.#clock.now();
    try {
      for (const message of packet) this.#socket.writeMessage(message);
    } catch {
      // Later, because what sends must not hear of its own end meanwhile.
      queueMicrotask(() => this.#end(1006, ""));
    }
  }

  whenDrained(run: () => void): void {
    queueMicrotask(() => {
      if (!this.#isOver) run();
    });
  }

  pause(): void {
    this.#going ??= new Promise((resolve) => {
      this.#go = resolve;
    });
  }

  resume(): void {
    this.#go?.();
    this.#going = undefined;
  }

  close(code?: number, reason?: string): void {
    if (this.#isOver) return;
    try {
      this.#socket.close(code, reason);
    } catch {
      // It is broken already, and ends in any case.
    }
    this.#end(code ?? 1005, reason ?? "");
  }

  destroy(): void {
    this.close(1006, "");
  }

  #end(code: number, reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.resume();
    this.#handler?.closed(code, reason);
  }
}

/** What there is to know of a client that came without a request. */
export function preparedHandshake({ locals = {} }: AoSocket): Handshake {
  return {
    method: "GET",
    path: "/",
    get url() {
      return new URL("ws://localhost/");
    },
    get headers() {
      return new Headers();
    },
    header: () => undefined,
    rawHeaders: [],
    ip: "127.0.0.1",
    secure: false,
    locals,
  };
}
