import type { Engine } from "../../engine/engine.ts";
import type { Handshake } from "../../engine/handshake.ts";
import type { Packet, Wire } from "../../engine/ports/wire.ts";
import type { Endpoint, Refusal, Session } from "../dialect.ts";
import { goRefusal } from "../go-refusals.ts";
import { newId } from "./new-id.ts";
import { dialectName, socketGoEncoder } from "./encoder.ts";
import type { EventHandlers } from "./event-handlers.ts";
import type { SocketGoSettings } from "./options.ts";
import { Polling, type PollingHost } from "./polling.ts";
import { full, stopping, unknownEndpoint } from "./refusals.ts";
import { SocketGoSession, type SessionHost } from "./session.ts";
import type { LiveSocket } from "./socket.ts";

/** How many are sent to, or closed, before others have their turn. */
const chunkSize = 500;

/** A client that takes nothing for so long is cut off. */
const writeTimeoutMs = 10_000;

/** The clients of one server, on all paths where it speaks the dialect. */
export class Sockets implements SessionHost, PollingHost {
  readonly engine: Engine;
  readonly settings: SocketGoSettings;
  readonly handlers: EventHandlers;
  readonly #polling: Polling;
  readonly #open = new Map<string, LiveSocket>();
  /** Those on their way in among them. */
  readonly #sessions = new Set<SocketGoSession>();
  #isStopping = false;
  #shutdown: Promise<number> | undefined;
  /** Those that did not answer when they were closed, since the shutdown has begun. */
  #cutOff = 0;
  #emptied: (() => void) | undefined;

  constructor(engine: Engine, settings: SocketGoSettings, handlers: EventHandlers) {
    this.engine = engine;
    this.settings = settings;
    this.handlers = handlers;
    this.#polling = new Polling(this);
  }

  get clock(): Engine["clock"] {
    return this.engine.clock;
  }

  get size(): number {
    return this.#open.size;
  }

  get(id: string): LiveSocket | undefined {
    return this.#open.get(id);
  }

  /** Also of one that is just leaving, and whose handlers want to know. */
  roomsOf(id: string): readonly string[] {
    const connection = this.engine.connection(id);
    return connection?.dialect === dialectName ? connection.channels : [];
  }

  in(room: string): readonly LiveSocket[] {
    return Array.from(this.engine.subscribers(room), ({ id }) => this.#open.get(id)).filter((one) => one !== undefined);
  }

  endpoint(): Endpoint {
    const { settings } = this;
    return {
      webSocket: {
        maxMessageBytes: settings.maxMessageBytes,
        pingMs: settings.pingIntervalMs,
        pongMs: settings.pingTimeoutMs,
        needsPongs: true,
        silent: { code: 1001 },
        maxBufferedBytes: settings.maxBufferedBytes,
        maxBufferedMessages: settings.bufferSize,
        writeTimeoutMs,
        slow: { code: 1000 },
        compressFromBytes: settings.compression ? 1 : 0,
        isUnpaced: true,
      },
      requests: this.#polling,
      refuse: (fault) => (fault === "upgrade" ? unknownEndpoint : goRefusal(fault)),
      route: () => this.refusal() ?? { kind: "open" },
      open: (wire, handshake) => this.#begin(wire, handshake),
      close: () => this.#polling.close(),
    };
  }

  newId(): string {
    return newId(this.engine.random);
  }

  refusal(): Refusal | undefined {
    if (this.#isStopping) return stopping;
    return this.#sessions.size >= this.settings.maxConnections ? full : undefined;
  }

  entered(socket: LiveSocket): void {
    this.#open.set(socket.id, socket);
  }

  left(socket: LiveSocket): void {
    this.#open.delete(socket.id);
  }

  closed(session: SocketGoSession): void {
    this.#sessions.delete(session);
    if (this.#isStopping && session.wire.wasCut) this.#cutOff += 1;
    if (this.#sessions.size === 0) this.#emptied?.();
  }

  /** Sends to everyone, with the bytes made once. */
  broadcast(event: string, data: unknown): void {
    const packet = this.#packet(event, data);
    if (packet) for (const { connection } of this.#open.values()) connection.wire.send(packet);
  }

  /** As {@link broadcast}, some after others. */
  async broadcastInParts(event: string, data: unknown): Promise<void> {
    const packet = this.#packet(event, data);
    if (packet) await this.#inParts([...this.#open.values()], ({ connection }) => connection.wire.send(packet));
  }

  /** Lets nobody in from here on, closes everyone, and cuts off those that have not left in time. @returns how many */
  shutdown(timeoutMs: number): Promise<number> {
    return (this.#shutdown ??= this.#end(timeoutMs));
  }

  async #end(timeoutMs: number): Promise<number> {
    this.#isStopping = true;
    if (this.#sessions.size === 0) return 0;
    let timer: { cancel(): void } | undefined;
    const waited = new Promise<void>((resolve) => {
      this.#emptied = resolve;
      timer = this.clock.after(timeoutMs, resolve);
    });
    await this.#inParts([...this.#sessions], (session) => session.drain());
    await waited;
    timer?.cancel();
    const left = [...this.#sessions];
    for (const { wire } of left) wire.destroy();
    return this.#cutOff + left.length;
  }

  #begin(wire: Wire, handshake: Handshake): Session {
    const session = new SocketGoSession(this, wire, handshake);
    this.#sessions.add(session);
    return session;
  }

  #packet(event: string, data: unknown): Packet | undefined {
    try {
      return socketGoEncoder.encode({ kind: "event", event, data });
    } catch (error) {
      this.engine.encodingFailed(error);
      return undefined;
    }
  }

  async #inParts<Item>(items: readonly Item[], run: (item: Item) => void): Promise<void> {
    for (let start = 0; start < items.length; start += chunkSize) {
      if (start > 0) await new Promise<void>((resolve) => this.clock.after(0, resolve));
      for (const item of items.slice(start, start + chunkSize)) run(item);
    }
  }
}
