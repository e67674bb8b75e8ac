import { CarillonError, toCarillonError } from "../../errors/carillon-error.ts";
import { closeCodes, type CloseName } from "../../errors/close-codes.ts";
import { errorCodes, type ErrorCode } from "../../errors/codes.ts";
import type { LiveConnection } from "../../engine/connection.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Handshake } from "../../engine/handshake.ts";
import { InOrder } from "../../engine/in-order.ts";
import { isPending, andThen, type Later } from "../../engine/later.ts";
import type { Frame, Wire } from "../../engine/ports/wire.ts";
import type { Timer } from "../../platform/clock.ts";
import type { ClientMessage, ServerMessage } from "../../protocol/messages.ts";
import { readClientMessage, refOf } from "../../protocol/read-client-message.ts";
import type { Session } from "../dialect.ts";
import type { Format } from "./format.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { NativeOptions } from "./options.ts";

/** What a session is made of. */
export interface NativeSessionParts {
  readonly engine: Engine;
  readonly wire: Wire;
  readonly handshake: Handshake;
  readonly format: Format;
  readonly settings: Required<NativeOptions>;
}

/** How a connection attempt is turned away, by what the hooks threw; any other code means `forbidden`. */
const refusals: Partial<Record<ErrorCode, CloseName>> = {
  unauthorized: "unauthorized",
  "token-expired": "token-expired",
  internal: "internal",
  "broker-unavailable": "unavailable",
  "rate-limited": "rate-limited",
  timeout: "timeout",
};

/** One native client's conversation: reads its messages, asks the engine, answers. */
export class NativeSession implements Session {
  readonly #engine: Engine;
  readonly #wire: Wire;
  readonly #format: Format;
  readonly #settings: Required<NativeOptions>;
  readonly #connection: LiveConnection;
  readonly #inOrder: InOrder;
  readonly #connectDeadline: Timer;
  #heartbeat: Heartbeat | undefined;
  #state: "fresh" | "connecting" | "open" | "closed" = "fresh";

  constructor({ engine, wire, handshake, format, settings }: NativeSessionParts) {
    this.#engine = engine;
    this.#wire = wire;
    this.#format = format;
    this.#settings = settings;
    this.#connection = engine.admit({ dialect: "native", handshake, encoder: format.encoder, wire });
    this.#inOrder = new InOrder({ high: () => wire.pause(), low: () => wire.resume() });
    this.#connectDeadline = engine.clock.after(settings.connectTimeoutMs, () => this.#close("timeout"));
  }

  receive(frame: Frame): void {
    if (this.#state === "closed") return;
    let messages: readonly unknown[];
    try {
      messages = this.#format.codec.decode(frame);
    } catch (error) {
      this.#mistaken(undefined, toCarillonError(error, "bad-request"));
      return;
    }
    for (const message of messages) this.#take(message);
  }

  closed(code: number, reason: string): void {
    this.#end();
    this.#engine.disconnect(this.#connection, { code, reason });
  }

  #take(value: unknown): void {
    let message: ClientMessage;
    try {
      message = readClientMessage(value);
    } catch (error) {
      this.#mistaken(refOf(value), toCarillonError(error, "bad-request"));
      return;
    }
    // Answers do not wait their turn: what is before them may be waiting for just this answer.
    if (message.type === "response") this.#connection.answered(message.ref, message.data);
    else if (message.type === "error" && message.ref !== undefined)
      this.#connection.failed(message.ref, errorOf(message));
    else this.#inOrder.run(() => this.#run(message));
  }

  /** What cannot be read has its turn, too: what came before it is answered first, the connect among it. */
  #mistaken(ref: number | undefined, error: CarillonError): void {
    this.#inOrder.run(() => this.#reject(ref, error));
  }

  /** One message, whose failure is answered; never throws or rejects. */
  #run(message: ClientMessage): Later<void> {
    const failed = (error: unknown): void => {
      this.#reject("ref" in message ? message.ref : undefined, toCarillonError(error, "internal"));
    };
    try {
      const handled = this.#handle(message);
      return isPending(handled) ? handled.catch(failed) : undefined;
    } catch (error) {
      failed(error);
      return undefined;
    }
  }

  #handle(message: ClientMessage): Later<void> {
    if (this.#state === "closed") return undefined;
    if (message.type === "connect") return this.#connect(message.token);
    if (this.#state === "fresh")
      throw new CarillonError("bad-request", { message: `the first message must be "connect"` });
    const connection = this.#connection;
    switch (message.type) {
      case "publish":
        return andThen(this.#engine.publishFrom(connection, message), ({ id }) => {
          if (message.ref !== undefined) this.#send({ type: "published", ref: message.ref, id });
        });
      case "send":
        return this.#engine.receive(connection, message.event, message.data);
      case "request": {
        const { ref, event, data } = message;
        const answer = (found: unknown): void => this.#send({ type: "response", ref, data: found });
        const fail = (error: CarillonError): void => this.#fail(ref, error);
        return this.#engine.receive(connection, event, data, { answer, fail });
      }
      case "subscribe": {
        const { ref, channel } = message;
        return andThen(this.#engine.join(connection, channel), ({ members, start }) => {
          this.#send({ type: "subscribed", ref, channel, ...(members && { members }) });
          start();
        });
      }
      case "unsubscribe":
        this.#engine.leave(connection, message.channel);
        this.#send({ type: "unsubscribed", ref: message.ref, channel: message.channel });
        return undefined;
      case "ping":
        this.#send({ type: "pong" });
        return undefined;
      case "response":
      case "error":
        return undefined;
    }
  }

  #connect(token: string | undefined): Later<void> {
    if (this.#state !== "fresh") throw new CarillonError("bad-request", { message: "connected already" });
    this.#state = "connecting";
    return this.#engine.connect(this.#connection, token, () => this.#welcome());
  }

  #welcome(): void {
    const { id, userId } = this.#connection;
    const { heartbeatMs, maxMessageBytes } = this.#settings;
    this.#state = "open";
    this.#connectDeadline.cancel();
    this.#send({
      type: "connected",
      connection: id,
      ...(userId !== undefined && { user: userId }),
      heartbeatMs,
      maxMessageBytes,
    });
    if (heartbeatMs > 0) {
      this.#heartbeat = new Heartbeat(this.#engine.clock, this.#wire, heartbeatMs, () =>
        this.#send({ type: "heartbeat" }),
      );
    }
  }

  /** Before it is connected a client may make no mistake; later ones are answered. */
  #reject(ref: number | undefined, error: CarillonError): void {
    if (this.#state === "closed") return;
    this.#fail(ref, error);
    if (this.#state === "fresh") this.#close("bad-request");
    else if (this.#state === "connecting") this.#close(refusals[error.code] ?? "forbidden");
  }

  #fail(ref: number | undefined, error: CarillonError): void {
    const { code, message, temporary, details } = error;
    this.#send({
      type: "error",
      ...(ref !== undefined && { ref }),
      code,
      message,
      ...(temporary && { temporary }),
      ...(details !== undefined && { details }),
    });
  }

  /** A reply that cannot be encoded must not cost more than itself. */
  #send(message: ServerMessage): void {
    if (this.#state === "closed") return;
    try {
      this.#wire.send([this.#format.codec.encode(message)]);
    } catch (error) {
      this.#engine.encodingFailed(error);
      if (message.type === "error") {
        const { details: _, ...sayable } = message;
        if (message.details !== undefined) this.#send(sayable);
      } else if ("ref" in message && message.ref !== undefined) this.#fail(message.ref, new CarillonError("internal"));
    }
  }

  #close(name: CloseName): void {
    const { code, meaning } = closeCodes[name];
    this.#end();
    // At once, because the peer may take its time to answer, and a hook that is pending must not let it in meanwhile.
    this.#engine.disconnect(this.#connection, { code, reason: meaning });
    this.#wire.close(code, meaning);
  }

  #end(): void {
    this.#state = "closed";
    this.#connectDeadline.cancel();
    this.#heartbeat?.stop();
  }
}

function errorOf({ code, message }: { readonly code: string; readonly message: string }): CarillonError {
  const known = Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : "handler-failed";
  return new CarillonError(known, { message: message.slice(0, 500) });
}
