import { CarillonError, toCarillonError } from "../errors/carillon-error.ts";
import type { Timer } from "../platform/clock.ts";
import type { CodecFrame } from "../protocol/codec.ts";
import { subprotocols, type ConnectedMessage, type ServerMessage } from "../protocol/messages.ts";
import { readEnding, readError, type Ending } from "./ending.ts";
import { Heartbeat } from "./heartbeat.ts";
import { maxTimerMs, type Settings } from "./options.ts";
import type { Link, Transport } from "./transports/transport.ts";

/** A browser has no limit of its own, so a larger frame ends the conversation before it is parsed. */
const maxFrameBytes = 4 * 1024 * 1024;

/** Told what happens in a conversation; nothing after `ended`, nothing after {@link Conversation.leave}. */
export interface ConversationHandler {
  /** The server has accepted the client. */
  opened(welcome: ConnectedMessage): void;
  message(message: ServerMessage): void;
  /** The server sent what cannot be understood; `ended` follows. */
  fault(error: CarillonError): void;
  ended(ending: Ending): void;
}

/**
 * One link to the server, from the transport's first byte to its end.
 *
 * A client that connects again has a new conversation, so nothing that an old link still brings can be mistaken.
 */
export class Conversation {
  readonly transport: string;
  readonly #settings: Settings;
  readonly #opening = new AbortController();
  readonly #deadline: Timer;
  #handler: ConversationHandler | undefined;
  #link: Link | undefined;
  #heartbeat: Heartbeat | undefined;
  #isOpen = false;
  #told: CarillonError | undefined;
  #gone: () => void = () => {};

  constructor(transport: Transport, settings: Settings, token: string | undefined, handler: ConversationHandler) {
    this.transport = transport.name;
    this.#settings = settings;
    this.#handler = handler;
    this.#deadline = settings.clock.after(settings.connectTimeoutMs, () => this.#silent());
    void this.#open(transport, token);
  }

  get bufferedBytes(): number {
    return this.#link?.bufferedBytes ?? 0;
  }

  send(frame: CodecFrame): void {
    try {
      this.#link?.send(frame);
    } catch (cause) {
      this.#drop(4500, new CarillonError("connection-closed", { cause }));
    }
  }

  /** Ends it without a word to the handler; resolves when what was sent has left. */
  leave(): Promise<void> {
    this.#stop();
    if (!this.#link) return Promise.resolve();
    return new Promise((resolve) => {
      this.#gone = resolve;
      this.#link!.close(1000);
    });
  }

  async #open(transport: Transport, token: string | undefined): Promise<void> {
    const { url, codec } = this.#settings;
    // The handler must not hear of a conversation before the constructor has returned it.
    await undefined;
    if (!this.#handler) return;
    let link: Link;
    try {
      link = await transport.connect({ url, subprotocol: codec.subprotocol, signal: this.#opening.signal });
    } catch (error) {
      const cause = toCarillonError(error, "connect-failed");
      return this.#end({ code: 1006, reason: "", cause, final: false, expired: false });
    }
    if (!this.#handler) return link.close(1000);
    this.#link = link;
    // A server that chose none speaks JSON. @see PROTOCOL.md, section 1
    if ((link.subprotocol || subprotocols.json) !== codec.subprotocol) {
      const message = `the server does not speak ${codec.subprotocol}`;
      return this.#drop(4400, new CarillonError("connect-failed", { message }));
    }
    link.receive({
      frame: (frame) => this.#receive(frame),
      closed: (code, reason) => {
        this.#gone();
        this.#end(readEnding(code, reason, this.#told, this.#isOpen ? "connection-closed" : "connect-failed"));
      },
    });
    if (this.#handler) this.send(codec.encode({ type: "connect", ...(token !== undefined && { token }) }));
  }

  #receive(frame: CodecFrame): void {
    if (!this.#handler) return;
    this.#heartbeat?.heard();
    try {
      if (frame.length > maxFrameBytes) throw new CarillonError("payload-too-large");
      for (const message of this.#settings.codec.decode(frame)) {
        // A handler may have left meanwhile.
        if (!this.#handler) return;
        if (typeof message === "object" && message !== null) this.#read(message as ServerMessage, this.#handler);
      }
    } catch (error) {
      // Fields are not checked one by one: what the application does is caught elsewhere, so this is the server's doing.
      const cause = toCarillonError(error, "bad-request");
      this.#handler?.fault(cause);
      // Browsers allow no 1002 here.
      this.#drop(4400, cause);
    }
  }

  #read(message: ServerMessage, handler: ConversationHandler): void {
    const isGeneral = message.type === "error" && message.ref === undefined;
    if (isGeneral) {
      const error = readError(message);
      if (!this.#isOpen || error.code === "token-expired") this.#told = error;
    }
    if (this.#isOpen) return handler.message(message);
    if (message.type !== "connected") return;
    this.#isOpen = true;
    this.#told = undefined;
    this.#deadline.cancel();
    if (message.heartbeatMs > 0) {
      const deadlineMs = Math.min(2 * message.heartbeatMs, maxTimerMs);
      this.#heartbeat = new Heartbeat(this.#settings.clock, deadlineMs, () => this.#silent());
    }
    handler.opened(message);
  }

  #silent(): void {
    this.#drop(4504, new CarillonError("timeout", { message: "nothing was heard from the server in time" }));
  }

  /** Ends it from this side; unlike a server's 44xx, that never keeps the client from coming back. */
  #drop(code: number, cause: CarillonError): void {
    const link = this.#link;
    this.#link = undefined;
    this.#end({ code, reason: cause.code, cause, final: false, expired: false }, link);
  }

  #end(ending: Ending, link?: Link): void {
    const handler = this.#handler;
    this.#stop();
    // Before the handler is told, because that may open the next one.
    link?.close(ending.code, ending.reason);
    handler?.ended(ending);
  }

  #stop(): void {
    this.#handler = undefined;
    this.#deadline.cancel();
    this.#heartbeat?.stop();
    this.#opening.abort();
  }
}
