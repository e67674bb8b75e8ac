import { CarillonError, toCarillonError } from "../../errors/carillon-error.ts";
import { closeCodes, type CloseName } from "../../errors/close-codes.ts";
import type { ErrorCode } from "../../errors/codes.ts";
import { andThen, isPending, type Later } from "../../engine/later.ts";
import type { Frame } from "../../engine/ports/wire.ts";
import type { Timer } from "../../platform/clock.ts";
import type { ConnectMessage } from "../../protocol/messages.ts";
import { readClientMessage, refOf } from "../../protocol/read-client-message.ts";
import type { Session } from "../dialect.ts";
import { Conversation, type ConversationParts } from "./conversation.ts";
import { errorMessage } from "./error-messages.ts";

/** What an arrival is made of: what its conversation will be made of, before the client has said what it wants. */
export type ArrivalParts = Omit<ConversationParts, "isResumable">;

/** How a connection attempt is turned away, by what the hooks threw; any other code means `forbidden`. */
const refusals: Partial<Record<ErrorCode, CloseName>> = {
  unauthorized: "unauthorized",
  "token-expired": "token-expired",
  internal: "internal",
  "broker-unavailable": "unavailable",
  "rate-limited": "rate-limited",
  timeout: "timeout",
};

/** So many messages behind a `connect` that is not answered yet are high pressure. */
const highWater = 64;

/**
 * One link of a native client: hears its `connect`, then hands everything to a conversation, which is a new one or the one
 * that the client comes back to.
 */
export class Arrival implements Session {
  readonly #parts: ArrivalParts;
  readonly #deadline: Timer;
  /** Before it is over, its messages wait. */
  #isConnecting = false;
  #isOver = false;
  #conversation: Conversation | undefined;
  /** What came behind the `connect`. */
  #held: ((conversation: Conversation) => void)[] = [];

  constructor(parts: ArrivalParts) {
    this.#parts = parts;
    this.#deadline = parts.engine.clock.after(parts.settings.connectTimeoutMs, () => this.#close("timeout"));
  }

  receive(frame: Frame): void {
    if (this.#isOver) return;
    const { wire, format } = this.#parts;
    if (this.#conversation && !this.#isConnecting) {
      this.#conversation.receive(frame, wire);
      return;
    }
    let messages: readonly unknown[];
    try {
      messages = format.codec.decode(frame);
    } catch (error) {
      const mistake = toCarillonError(error, "bad-request");
      if (this.#isConnecting) this.#hold((conversation) => conversation.mistaken(undefined, mistake));
      else this.#refuse(undefined, mistake, "bad-request");
      return;
    }
    for (const message of messages) this.#take(message);
  }

  closed(code: number, reason: string): void {
    this.#isOver = true;
    this.#deadline.cancel();
    this.#conversation?.closed(code, reason, this.#parts.wire);
  }

  drain(): void {
    if (this.#conversation && !this.#isConnecting) this.#conversation.drain();
    else if (!this.#isOver) this.#close("moved");
  }

  #take(value: unknown): void {
    if (this.#isOver) return;
    if (this.#isConnecting) this.#hold((conversation) => conversation.take(value));
    else if (this.#conversation) this.#conversation.take(value);
    else this.#greet(value);
  }

  #hold(message: (conversation: Conversation) => void): void {
    if (this.#held.push(message) === highWater) this.#parts.wire.pause();
  }

  /** Before it is connected a client may make no mistake. */
  #greet(value: unknown): void {
    try {
      const message = readClientMessage(value);
      // They are answers to nothing, which is no mistake later either.
      if (message.type === "response" || message.type === "error") return;
      if (message.type !== "connect")
        throw new CarillonError("bad-request", { message: `the first message must be "connect"` });
      this.#isConnecting = true;
      const connecting = this.#connect(message);
      if (isPending(connecting)) connecting.catch((error: unknown) => this.#refused(error));
    } catch (error) {
      if (this.#isConnecting) this.#refused(error);
      else this.#refuse(refOf(value), toCarillonError(error, "bad-request"), "bad-request");
    }
  }

  #connect(message: ConnectMessage): Later<void> {
    const { session, received = 0, token } = message;
    const { engine, handshake, format, sessions } = this.#parts;
    const earlier = session === undefined ? undefined : sessions.find(session);
    if (!earlier) return this.#begin(message);
    const afresh = (): Later<void> => {
      earlier.expire("superseded");
      return this.#begin(message);
    };
    if (!earlier.canResume(received, format)) return afresh();
    return andThen(engine.identify(handshake, token), ({ userId, expiresAt, tokenId }) => {
      if (this.#isOver) return undefined;
      // It may have ended or gone on elsewhere meanwhile; and who comes with another name is not who left.
      const isSame = sessions.find(session!) === earlier && userId === earlier.connection.userId;
      if (!isSame) return this.#begin(message);
      if (!earlier.canResume(received, format)) return afresh();
      this.#deadline.cancel();
      this.#conversation = earlier;
      earlier.connection.expiresAt = expiresAt;
      earlier.connection.tokenId = tokenId;
      earlier.resume(this.#parts.wire, received);
      this.#release(earlier);
      return undefined;
    });
  }

  #begin({ token, resume = false, session }: ConnectMessage): Later<void> {
    const { engine, settings } = this.#parts;
    const isReturning = session !== undefined;
    const conversation = new Conversation({
      ...this.#parts,
      isResumable: (resume || isReturning) && settings.resumeMs > 0,
    });
    this.#conversation = conversation;
    return andThen(
      engine.connect(conversation.connection, token, () => {
        this.#deadline.cancel();
        conversation.open(isReturning);
      }),
      () => this.#release(conversation),
    );
  }

  /** What waited is heard, in order. */
  #release(conversation: Conversation): void {
    this.#isConnecting = false;
    const held = this.#held;
    this.#held = [];
    if (held.length >= highWater) this.#parts.wire.resume();
    for (const message of held) message(conversation);
  }

  #refused(error: unknown): void {
    const refusal = toCarillonError(error, "internal");
    this.#refuse(undefined, refusal, refusals[refusal.code] ?? "forbidden");
  }

  #refuse(ref: number | undefined, error: CarillonError, name: CloseName): void {
    if (this.#isOver) return;
    const { wire, format, engine } = this.#parts;
    const { details } = error;
    const told = errorMessage(error, ref);
    try {
      wire.send([format.codec.encode(details === undefined ? told : { ...told, details })]);
    } catch (cause) {
      engine.encodingFailed(cause);
      wire.send([format.codec.encode(told)]);
    }
    this.#close(name);
  }

  #close(name: CloseName): void {
    const { code, meaning } = closeCodes[name];
    this.#isOver = true;
    this.#deadline.cancel();
    // At once, because the peer may take its time to answer, and a hook that is pending must not let it in meanwhile.
    this.#conversation?.expire(name);
    this.#parts.wire.close(code, meaning);
  }
}
