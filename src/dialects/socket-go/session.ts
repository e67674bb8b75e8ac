import type { Ending } from "../../engine/application.ts";
import type { LiveConnection } from "../../engine/connection.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Handshake } from "../../engine/handshake.ts";
import type { Later } from "../../engine/later.ts";
import type { Frame, Wire } from "../../engine/ports/wire.ts";
import type { CarillonError } from "../../errors/carillon-error.ts";
import { closeCodes } from "../../errors/close-codes.ts";
import type { Refusal, Session } from "../dialect.ts";
import { textRefusal, turnedAwayWith } from "../go-refusals.ts";
import { harmlessly } from "../harmlessly.ts";
import { SimpleSession } from "../simple-session.ts";
import { followConventions, publishedIn } from "./conventions.ts";
import { dialectName, socketGoEncoder } from "./encoder.ts";
import { isReserved, type EventHandlers } from "./event-handlers.ts";
import { readMessage } from "./message.ts";
import type { SocketGoSettings } from "./options.ts";
import { PollingWire } from "./polling-wire.ts";
import { LiveSocket } from "./socket.ts";

/** What a session asks of its dialect. */
export interface SessionHost {
  readonly engine: Engine;
  readonly settings: SocketGoSettings;
  readonly handlers: EventHandlers;
  newId(): string;
  entered(socket: LiveSocket): void;
  /** It was in, and is gone. */
  left(socket: LiveSocket): void;
  /** Whether it was in or not. */
  closed(session: SocketGoSession): void;
}

/** One client's conversation, over either transport. */
export class SocketGoSession implements Session {
  readonly wire: Wire;
  /** The same, where it is made of requests. */
  readonly #polling: PollingWire | undefined;
  readonly #host: SessionHost;
  readonly #session: SimpleSession;
  #socket: LiveSocket | undefined;

  constructor(host: SessionHost, wire: Wire, handshake: Handshake) {
    this.#host = host;
    this.wire = wire;
    this.#polling = wire instanceof PollingWire ? wire : undefined;
    this.#session = new SimpleSession({
      engine: host.engine,
      wire,
      handshake,
      dialect: dialectName,
      encoder: socketGoEncoder,
      id: host.newId(),
      // Once it is among all connections, so that its handlers can talk to everyone.
      opened: (connection) => connection.whenOpen(() => this.#enter(connection)),
      heard: (frame) => this.#hear(frame),
      failed: (error) => this.#failed(error),
      refused: (error) => this.#refuse(error),
      // Before the engine lets go of it, so that the handlers still see which rooms it was in.
      leaving: (_, ending) => this.#leave(ending),
      farewell: { code: closeCodes.normal.code },
    });
  }

  receive(frame: Frame): void {
    this.#session.receive(frame);
  }

  closed(code: number, reason: string): Later<void> {
    const heard = this.#session.closed(code, reason);
    this.#host.closed(this);
    return heard;
  }

  drain(): void {
    this.#session.drain();
  }

  #enter(connection: LiveConnection): void {
    const { engine, handlers } = this.#host;
    const socket = new LiveSocket(connection);
    this.#socket = socket;
    this.#host.entered(socket);
    this.#polling?.decided();
    handlers.connected(engine, socket);
  }

  #leave(ending: Ending): void {
    const { engine, handlers } = this.#host;
    const socket = this.#socket;
    if (!socket) return;
    socket.end();
    this.#host.left(socket);
    handlers.disconnected(engine, socket, ending);
  }

  #hear(frame: Frame): Later<void> {
    this.#polling?.heard();
    const socket = this.#socket;
    if (!socket) return undefined;
    const { event, data } = readMessage(frame);
    if (event === "") return undefined;
    if (isReserved(event)) return this.#hearReserved(socket, event, data);
    const { engine, handlers, settings } = this.#host;
    const { connection } = socket;
    const room = settings.conventions ? publishedIn(connection, { event, data }) : undefined;
    const own = (heard: string, valid: unknown): Later<void> => {
      handlers.heard(engine, socket, heard, valid);
      if (!settings.conventions) return undefined;
      return followConventions(engine, connection, { event: heard, data: valid }, room);
    };
    return engine.receive(connection, event, data, undefined, { own, channel: room });
  }

  #hearReserved(socket: LiveSocket, event: string, data: unknown): void {
    const { engine, handlers, settings } = this.#host;
    if (event !== "error" || !settings.onErrorEvent) return;
    harmlessly(
      () => settings.onErrorEvent?.(socket, data),
      (cause) => handlers.failed(engine, socket, cause, event),
    );
  }

  #failed(error: unknown): void {
    const { engine, handlers } = this.#host;
    if (this.#socket) handlers.refused(engine, this.#socket, error);
  }

  #refuse(error: CarillonError): void {
    if (this.#polling) this.#polling.decided(refusalOf(error));
    else this.wire.close(turnedAwayWith(error), error.code);
  }
}

function refusalOf({ code, message }: CarillonError): Refusal {
  if (code === "forbidden") return textRefusal(403, message);
  return textRefusal(code === "unauthorized" || code === "token-expired" ? 401 : 503, message);
}
