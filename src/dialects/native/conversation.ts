import { CarillonError, toCarillonError } from "../../errors/carillon-error.ts";
import { closeCodes, mayReconnect, type CloseName } from "../../errors/close-codes.ts";
import type { LiveConnection } from "../../engine/connection.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Handshake } from "../../engine/handshake.ts";
import { InOrder } from "../../engine/in-order.ts";
import { andThen, isPending, type Later } from "../../engine/later.ts";
import { Lifetime } from "../../engine/lifetime.ts";
import type { Frame, Wire } from "../../engine/ports/wire.ts";
import type { ClientMessage, ServerMessage } from "../../protocol/messages.ts";
import type { RefreshMessage } from "../../protocol/token-messages.ts";
import { readClientMessage, refOf } from "../../protocol/read-client-message.ts";
import { errorMessage, readErrorMessage } from "./error-messages.ts";
import type { Format } from "./format.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { NativeOptions } from "./options.ts";
import { answerTo } from "./answers.ts";
import type { ParkedSessions } from "./parked-sessions.ts";
import { SessionWire } from "./session-wire.ts";
import { welcomeOf } from "./welcome.ts";

/** What a conversation is made of. */
export interface ConversationParts {
  readonly engine: Engine;
  readonly wire: Wire;
  readonly handshake: Handshake;
  readonly format: Format;
  readonly settings: Required<NativeOptions>;
  readonly sessions: ParkedSessions<Conversation>;
  /** The client wants a session that outlives its link. */
  readonly isResumable: boolean;
}

/** After so many messages the client is told that they have arrived, so that it need not keep them. */
const acknowledgeEvery = 64;

/**
 * One native client's conversation, from its `connect` to the end of its session: reads its messages, asks the engine,
 * answers. It may go on over several links, one after another.
 */
export class Conversation {
  readonly connection: LiveConnection;
  /** The secret that resumes it; absent when it ends with its link. */
  readonly secret: string | undefined;
  readonly #engine: Engine;
  readonly #wire: SessionWire;
  readonly #format: Format;
  readonly #settings: Required<NativeOptions>;
  readonly #sessions: ParkedSessions<Conversation>;
  readonly #inOrder: InOrder;
  readonly #lifetime: Lifetime;
  #heartbeat: Heartbeat | undefined;
  /** It is `stopping` while what it took waits its turn, then `draining` while answers are missing. */
  #state: "opening" | "open" | "stopping" | "draining" | "ended" = "opening";
  #received = 0;
  #acknowledged = 0;
  /** Requests of the client that the application has not answered. */
  #unanswered = 0;

  constructor({ engine, wire, handshake, format, settings, sessions, isResumable }: ConversationParts) {
    this.#engine = engine;
    this.#format = format;
    this.#settings = settings;
    this.#sessions = sessions;
    this.secret = isResumable ? engine.random.uuid() : undefined;
    this.#wire = new SessionWire(
      wire,
      {
        ended: (code, reason) => this.#end(code, reason),
        overflowed: () => this.#end(closeCodes.slow.code, closeCodes.slow.meaning),
      },
      isResumable ? settings.maxBufferedBytes : 0,
    );
    this.connection = engine.admit({ dialect: "native", handshake, encoder: format.encoder, wire: this.#wire });
    this.#inOrder = new InOrder({ high: () => this.#wire.pause(), low: () => this.#wire.resume() });
    this.#lifetime = new Lifetime(engine.clock, this.connection, {
      soon: (inMs) => this.send({ type: "expiring", inMs }),
      over: () => this.expire("token-expired"),
    });
  }

  /** The client is in; one that wanted to go on somewhere else is told that it could not. */
  open(isReturning: boolean): void {
    this.#state = "open";
    this.#sessions.add(this);
    this.#tell({ ...welcomeOf(this.connection, this.#settings, this.secret), ...(isReturning && { resumed: false }) });
    this.#beat();
    this.#lifetime.start();
  }

  /** Whether the client can go on where it was, when it has received so many messages. */
  canResume(received: number, format: Format): boolean {
    return this.#state === "open" && !this.#wire.isClosed && this.#format === format && this.#wire.canResume(received);
  }

  /** Goes on over another link; see {@link canResume}. */
  resume(link: Wire, received: number): void {
    this.#wire.acknowledged(received);
    const earlier = this.#wire.attach(link);
    const { code, meaning } = closeCodes.superseded;
    if (earlier) earlier.close(code, meaning);
    this.#sessions.unpark(this);
    this.#acknowledged = this.#received;
    this.#tell({ ...welcomeOf(this.connection, this.#settings, this.secret), resumed: true, received: this.#received });
    this.#wire.repeat();
    // What others and the application say to its return comes after what it missed.
    if (!earlier) this.#engine.resume(this.connection);
    this.#beat();
    this.#lifetime.start();
  }

  receive(frame: Frame, link: Wire): void {
    if (!this.#isHeard || !this.#wire.isOn(link)) return;
    let messages: readonly unknown[];
    try {
      messages = this.#format.codec.decode(frame);
    } catch (error) {
      this.#received += 1;
      this.mistaken(undefined, toCarillonError(error, "bad-request"));
      return;
    }
    for (const message of messages) this.take(message);
  }

  /** One message of a frame. */
  take(value: unknown): void {
    if (!this.#isHeard) return;
    let message: ClientMessage;
    try {
      message = readClientMessage(value);
    } catch (error) {
      this.#count();
      this.mistaken(refOf(value), toCarillonError(error, "bad-request"));
      return;
    }
    if (message.type === "ack") this.#wire.acknowledged(message.received);
    else if (message.type === "ping") this.#inOrder.run(() => this.#tell({ type: "pong" }));
    else {
      this.#count();
      // Answers do not wait their turn: what is before them may be waiting for just this answer.
      if (message.type === "response") this.connection.answered(message.ref, message.data);
      else if (message.type === "error" && message.ref !== undefined)
        this.connection.failed(message.ref, readErrorMessage(message));
      else this.#inOrder.run(() => this.#run(message));
    }
  }

  /** What cannot be read has its turn, too: what came before it is answered first. */
  mistaken(ref: number | undefined, error: CarillonError): void {
    this.#inOrder.run(() => this.#fail(ref, error));
  }

  /** The link is gone. A client that did not leave may come back. */
  closed(code: number, reason: string, link: Wire): void {
    if (!this.#wire.isOn(link)) return;
    this.#heartbeat?.stop();
    this.#lifetime.stop();
    this.#wire.detach();
    const isLeft = code === 1000 || code === 1001 || !mayReconnect(code);
    if (this.secret === undefined || isLeft || this.#wire.isClosed || this.#state !== "open") this.#end(code, reason);
    else {
      this.#sessions.park(this);
      this.#engine.suspend(this.connection, { code, reason });
    }
  }

  /** Takes nothing more, answers what it took, and lets the client go to another server. */
  drain(): void {
    if (this.#state !== "open") return;
    this.#state = "stopping";
    this.#inOrder.run(() => {
      if (this.#state === "stopping") this.#state = "draining";
      this.#drained();
    });
  }

  /** It is over at once, whatever the client's side of the link does about it. */
  expire(name: CloseName): void {
    const { code, meaning } = closeCodes[name];
    this.#wire.close(code, meaning);
    this.#end(code, meaning);
  }

  /** An answer that cannot be encoded must not cost more than itself. */
  send(message: ServerMessage): void {
    if (this.#state === "ended") return;
    try {
      this.#wire.send([this.#format.codec.encode(message)]);
    } catch (error) {
      this.#engine.encodingFailed(error);
      if (message.type === "error") {
        const { details: _, ...sayable } = message;
        if (message.details !== undefined) this.send(sayable);
      } else if ("ref" in message && message.ref !== undefined) this.#fail(message.ref, new CarillonError("internal"));
    }
  }

  get #isHeard(): boolean {
    return this.#state === "open" || this.#state === "opening";
  }

  #count(): void {
    this.#received += 1;
    if (this.secret !== undefined && this.#received - this.#acknowledged >= acknowledgeEvery) this.#acknowledge();
  }

  #acknowledge(): void {
    this.#acknowledged = this.#received;
    this.#tell({ type: "ack", received: this.#received });
  }

  /** Whenever the link was silent for an interval. */
  #beat(): void {
    const { heartbeatMs } = this.#settings;
    this.#heartbeat?.stop();
    if (heartbeatMs === 0) return;
    this.#heartbeat = new Heartbeat(this.#engine.clock, this.#wire, heartbeatMs, () => {
      if (this.secret !== undefined && this.#received > this.#acknowledged) this.#acknowledge();
      else this.#tell({ type: "heartbeat" });
    });
  }

  /** One message, whose failure is answered; never throws or rejects. */
  #run(message: ClientMessage): Later<void> {
    const failed = (error: unknown): void => {
      this.#fail("ref" in message ? message.ref : undefined, toCarillonError(error, "internal"));
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
    if (this.#state === "ended") return undefined;
    if (message.type === "refresh") return this.#refresh(message);
    if (message.type !== "request")
      return answerTo(message, this.#engine, this.connection, (answer) => this.send(answer));
    const { ref, event, data } = message;
    this.#unanswered += 1;
    const answer = (found: unknown): void => {
      this.send({ type: "response", ref, data: found });
      this.#answered();
    };
    const fail = (error: CarillonError): void => {
      this.#fail(ref, error);
      this.#answered();
    };
    try {
      const received = this.#engine.receive(this.connection, event, data, { answer, fail });
      return isPending(received)
        ? received.catch((error: unknown) => fail(toCarillonError(error, "internal")))
        : undefined;
    } catch (error) {
      fail(toCarillonError(error, "internal"));
      return undefined;
    }
  }

  #refresh({ ref, token }: RefreshMessage): Later<void> {
    return andThen(this.#engine.identify(this.connection.handshake, token), (identity) => {
      this.#lifetime.renew(identity);
      this.send({ type: "refreshed", ref });
    });
  }

  #answered(): void {
    this.#unanswered -= 1;
    this.#drained();
  }

  #drained(): void {
    if (this.#state !== "draining" || this.#unanswered > 0) return;
    if (this.secret !== undefined) this.#acknowledge();
    this.#wire.close(closeCodes.moved.code, closeCodes.moved.meaning);
  }

  #fail(ref: number | undefined, error: CarillonError): void {
    const { details } = error;
    const told = errorMessage(error, ref);
    this.send(details === undefined ? told : { ...told, details });
  }

  /** Outside the count of the session. */
  #tell(message: ServerMessage): void {
    if (this.#state !== "ended") this.#wire.tell([this.#format.codec.encode(message)]);
  }

  #end(code: number, reason: string): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#heartbeat?.stop();
    this.#lifetime.stop();
    this.#sessions.remove(this);
    this.#engine.disconnect(this.connection, { code, reason });
  }
}
