import { closeCodes } from "../../errors/close-codes.ts";
import type { Packet, Wire, WireHandler } from "../../engine/ports/wire.ts";
import type { Clock, Timer } from "../../platform/clock.ts";
import type { Budget, Refusal, Reply } from "../dialect.ts";
import { jsonPayload } from "../payload.ts";
import type { SocketGoSettings } from "./options.ts";
import { sessionClosed } from "./refusals.ts";

/** What a polling wire is made of. */
export interface PollingWireParts {
  /** The client's secret, by which its requests are known. */
  readonly sessionId: string;
  readonly clock: Clock;
  readonly settings: Pick<
    SocketGoSettings,
    "pollHoldMs" | "pollBodies" | "pollQueue" | "maxBufferedBytes" | "sessionIdleMs" | "inboundQueue"
  >;
  /** Told how much waits for the next poll. */
  readonly budget: Budget;
  /** It is over. `isKnown`: its client does not know yet, and may ask for it. */
  readonly ended: (wire: PollingWire, isKnown: boolean) => void;
}

interface HeldPoll {
  readonly answer: (reply: Reply) => void;
  readonly timer: Timer;
}

/** How long what was sent before a close waits for the client to fetch it. */
const lingerMs = 5_000;

const encoder = new TextEncoder();

/** A wire made of requests: the client fetches what was sent by polls, and posts what it says. */
export class PollingWire implements Wire {
  readonly transport = "long-polling";
  readonly sessionId: string;
  /** In characters, which are bytes in most messages. */
  bufferedBytes = 0;
  lastWriteAt: number;
  wasSlow = false;
  wasCut = false;
  /** Settled when the client is in, or was refused. */
  readonly admitted: Promise<Refusal | undefined>;
  #admit: (refusal?: Refusal) => void = () => undefined;
  readonly #parts: PollingWireParts;
  #state: "open" | "closing" | "over" = "open";
  #ending: { readonly code: number; readonly reason: string } | undefined;
  #handler: WireHandler | undefined;
  #outbound: string[] = [];
  #undrained: (() => void)[] = [];
  #held: HeldPoll | undefined;
  #isFlushing = false;
  #inbound: string[] = [];
  /** Taken from the client, and not heard by the session yet. */
  #unread = 0;
  #isPaused = false;
  #isLeaving = false;
  #timer: Timer | undefined;

  constructor(parts: PollingWireParts) {
    this.sessionId = parts.sessionId;
    this.#parts = parts;
    this.lastWriteAt = parts.clock.now();
    this.admitted = new Promise((resolve) => {
      this.#admit = resolve;
    });
  }

  get maxWaitingPackets(): number {
    return this.#parts.settings.pollQueue;
  }

  /** It takes what the client says: the server has not closed it. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  get isEnded(): boolean {
    return this.#ending !== undefined;
  }

  /** Whom messages are fed to. */
  serve(handler: WireHandler): void {
    this.#handler = handler;
    this.#waitForClient();
  }

  /** The client is in, or was refused. */
  decided(refusal?: Refusal): void {
    this.#admit(refusal);
    if (refusal) this.#end(closeCodes["policy-violation"].code, "", false);
  }

  /** Answers a poll, at once or when there is something to say. */
  poll(onGone: (gone: () => void) => void): Reply | Refusal | Promise<Reply> {
    if (this.#state === "over") return sessionClosed;
    // A client has one poll: an older one was given up.
    this.#answerHeld([]);
    if (this.#outbound.length > 0 || this.#parts.settings.pollHoldMs === 0) return this.#reply(this.#handOver());
    this.#timer?.cancel();
    return new Promise((resolve) => {
      const timer = this.#parts.clock.after(this.#parts.settings.pollHoldMs, () => this.#answerHeld([]));
      const held = { answer: resolve, timer };
      this.#held = held;
      onGone(() => {
        if (this.#held === held) this.#answerHeld([]);
      });
    });
  }

  /** Takes a message of the client's. @returns `false` when too many wait already */
  take(body: string): boolean {
    if (this.#unread >= this.#parts.settings.inboundQueue) return false;
    if (!this.#held) this.#waitForClient();
    this.#unread += 1;
    if (this.#isPaused) this.#inbound.push(body);
    else this.#handler?.receive(body);
    return true;
  }

  /** The session begins with one of the messages. */
  heard(): void {
    this.#unread -= 1;
    this.#leaveIfRead();
  }

  /** The client takes its leave; what it said before is heard first. */
  leave(): void {
    this.#isLeaving = true;
    this.#leaveIfRead();
  }

  send(packet: Packet): void {
    if (this.#state !== "open") return;
    for (const frame of packet) {
      this.#outbound.push(frame as string);
      this.bufferedBytes += frame.length;
    }
    const { pollQueue, maxBufferedBytes } = this.#parts.settings;
    const isFull = this.#outbound.length > pollQueue || this.bufferedBytes > maxBufferedBytes;
    if (this.#held) {
      // What is said in one turn goes in one answer.
      if (isFull) this.#answerHeld(this.#handOver());
      else this.#flushSoon();
    } else if (isFull) this.shed();
    else this.#parts.budget.owe(this, this.bufferedBytes);
  }

  /** Too much waits: what does is lost. */
  shed(): void {
    this.wasSlow = true;
    this.#ending ??= { code: closeCodes.normal.code, reason: "" };
    this.destroy();
  }

  whenDrained(run: () => void): void {
    this.#parts.clock.after(0, () => {
      if (this.#state !== "open") return;
      if (this.#outbound.length * 2 > this.#parts.settings.pollQueue) this.#undrained.push(run);
      else run();
    });
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    while (!this.#isPaused && this.#state === "open") {
      const body = this.#inbound.shift();
      if (body === undefined) return;
      this.#handler?.receive(body);
    }
  }

  close(code: number = closeCodes.normal.code, reason = ""): void {
    this.#ending ??= { code, reason };
    if (this.#state !== "open") return;
    this.#inbound = [];
    if (this.#held || this.#outbound.length === 0) {
      this.#end(code, reason);
      return;
    }
    this.#state = "closing";
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.after(lingerMs, () => {
      this.wasCut = true;
      this.#end(code, reason);
    });
  }

  destroy(): void {
    const { code, reason } = (this.#ending ??= { code: 1006, reason: "" });
    this.#outbound = [];
    this.#end(code, reason);
  }

  #leaveIfRead(): void {
    if (this.#isLeaving && this.#unread === 0) this.#end(closeCodes.normal.code, "", false);
  }

  #waitForClient(): void {
    if (this.#state !== "open") return;
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.after(this.#parts.settings.sessionIdleMs, () => {
      this.#end(closeCodes.timeout.code, "neither polled nor sent in time", false);
    });
  }

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => {
      this.#isFlushing = false;
      if (this.#held && this.#outbound.length > 0) this.#answerHeld(this.#handOver());
    });
  }

  #answerHeld(frames: readonly string[]): void {
    const held = this.#held;
    if (!held) return;
    this.#held = undefined;
    held.timer.cancel();
    held.answer(this.#reply(frames));
    this.#waitForClient();
  }

  /** Everything that waits goes with this answer, and is not kept. */
  #handOver(): readonly string[] {
    const frames = this.#outbound;
    this.#outbound = [];
    this.#settle();
    if (frames.length > 0) this.lastWriteAt = this.#parts.clock.now();
    for (const run of this.#undrained.splice(0)) this.whenDrained(run);
    if (this.#state === "closing" && this.#ending) this.#end(this.#ending.code, this.#ending.reason);
    else if (!this.#held) this.#waitForClient();
    return frames;
  }

  #settle(): void {
    this.bufferedBytes = 0;
    this.#parts.budget.owe(this, 0);
  }

  #reply(frames: readonly string[]): Reply {
    const items =
      this.#parts.settings.pollBodies === "objects"
        ? frames
        : frames.map((text) => JSON.stringify(jsonPayload(encoder.encode(text))));
    return { kind: "reply", status: 200, contentType: "application/json", body: `[${items.join(",")}]\n` };
  }

  /** `closed` comes later: `send` must not call it, and a poll that is answered should be written before it. */
  #end(code: number, reason: string, isKnown = true): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#timer?.cancel();
    this.#admit(sessionClosed);
    this.#answerHeld(this.#outbound);
    this.#outbound = [];
    this.#inbound = [];
    this.#undrained = [];
    this.#settle();
    this.#parts.ended(this, isKnown);
    queueMicrotask(() => this.#handler?.closed(code, reason));
  }
}
