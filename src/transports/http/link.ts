import type { Frame, Packet, Wire, WireHandler } from "../../engine/ports/wire.ts";
import type { Timer } from "../../platform/clock.ts";
import type { Debtor } from "../outbound-budget.ts";
import type { Bodies } from "./bodies.ts";
import { answerGone, left, slow, unknownCount, type Ending } from "./ending.ts";
import type { Exchange } from "./exchange.ts";
import { HeldPoll } from "./held-poll.ts";
import { Inbox, type Receipt } from "./inbox.ts";
import type { LinkParts } from "./link-parts.ts";
import { Outbox } from "./outbox.ts";
import { endedStream, EventStream, type StreamOwner } from "./stream.ts";

/** A count that a client names: the frames of its link that it has received. */
export type Known = "known" | "ahead" | "behind";

/** A body holds at most so many frames. */
const maxFramesPerPoll = 256;

/** How long a client may take to fetch what was sent before its link was closed, and the close itself. */
const closeTimeoutMs = 5_000;

/** Less than that waiting is little. */
const drainedBytes = 65_536;

/**
 * A wire over plain requests: the client posts what it has to say, and fetches what it is told by polls or from a stream.
 *
 * Frames are kept until the client acknowledges them, so that a request which breaks loses nothing.
 */
export class Link implements Wire, Debtor {
  readonly id: string;
  readonly bodies: Bodies;
  lastWriteAt: number;
  /** How it ended, or is ending. */
  ending: Ending | undefined;
  readonly #parts: LinkParts;
  readonly #over: (link: Link) => void;
  readonly #inbox: Inbox;
  readonly #outbox = new Outbox();
  #poll: HeldPoll | undefined;
  #stream: EventStream | undefined;
  #transport: "sse" | "long-polling" = "long-polling";
  #handler: WireHandler | undefined;
  #heardAt: number;
  /** Watches over an idle client, and then over one that does not fetch the end. */
  #timer: Timer;
  #undrained: (() => void)[] = [];
  #isOver = false;

  /** @param over called once, when nothing of it can be fetched any more */
  constructor(id: string, bodies: Bodies, parts: LinkParts, over: (link: Link) => void) {
    const { clock, settings, rate } = parts;
    this.id = id;
    this.bodies = bodies;
    this.#parts = parts;
    this.#over = over;
    const receive = (frame: Frame): void => this.#handler?.receive(frame);
    this.#inbox = new Inbox({ clock, maxBytes: settings.maxBufferedBytes, rate, receive });
    this.lastWriteAt = this.#heardAt = clock.now();
    this.#timer = clock.after(settings.linkIdleMs, () => this.#watchIdle());
  }

  /** As the client fetched last. */
  get transport(): "sse" | "long-polling" {
    return this.#transport;
  }

  get bufferedBytes(): number {
    return this.#stream?.bufferedBytes ?? this.#outbox.bytes;
  }

  /** Whom frames are fed to. @param first what came with the request that opened it */
  serve(handler: WireHandler, first: Frame | undefined): void {
    this.#handler = handler;
    if (first !== undefined && !this.ending) handler.receive(first);
  }

  send(packet: Packet): void {
    if (this.ending) return;
    const { sizes, settings } = this.#parts;
    this.#outbox.push(packet, sizes.of(packet));
    if (this.#stream) {
      // What is on its way is kept for a while, for a client that comes back with the count it had.
      this.#outbox.trim(settings.maxBufferedBytes / 4);
      this.#stream.push(packet);
    } else if (this.#outbox.bytes > settings.maxBufferedBytes) this.#breakOff(slow);
    else if (this.#poll) this.#poll.push();
    else this.#weigh();
  }

  whenDrained(run: () => void): void {
    // The flush of this turn was scheduled before.
    setImmediate(() => {
      if (this.ending) return;
      if (this.#isDrained()) run();
      else this.#undrained.push(run);
    });
  }

  pause(): void {
    this.#inbox.pause();
  }

  resume(): void {
    this.#inbox.resume();
  }

  close(code = 1005, reason = ""): void {
    if (!this.ending) this.#end({ code, reason });
  }

  destroy(): void {
    this.ending ??= { code: 1006, reason: "" };
    this.#finish();
  }

  shed(): void {
    if (this.ending) this.#finish();
    else this.#breakOff(slow);
  }

  /** The client is done, and fetches nothing more. */
  leave(): void {
    this.#breakOff(left);
  }

  /** The client made a request, and is there. */
  heard(): void {
    this.#heardAt = this.#parts.clock.now();
  }

  /** The client has received so many frames. One that counts frames which there were not is not talked to any more. */
  acknowledge(count: number): Known {
    if (count > this.#outbox.sent) {
      this.#breakOff(unknownCount);
      return "ahead";
    }
    if (count < this.#outbox.forgotten) return "behind";
    this.#outbox.forget(count);
    this.#weigh();
    this.#settle();
    return "known";
  }

  /** The client's frame with this number; `settle` tells when it was received. */
  receive(number: number, frame: Frame, settle: (receipt: Receipt) => void): void {
    this.#inbox.take(number, frame, settle);
  }

  /** Answers a poll for the frames after this count, which is acknowledged: at once, or when there is something. */
  poll(exchange: Exchange, after: number): void {
    this.#cut();
    this.#transport = "long-polling";
    if (this.#deliver(exchange, after)) return;
    const { clock, settings } = this.#parts;
    this.#poll = new HeldPoll({
      exchange,
      after,
      clock,
      holdMs: settings.pollHoldMs,
      answer: () => {
        this.#poll = undefined;
        this.heard();
        this.#deliver(exchange, after);
      },
      left: (poll) => {
        if (this.#poll !== poll) return;
        this.#poll = undefined;
        this.heard();
      },
    });
  }

  /** Answers with a stream from this count on, which is acknowledged; `undefined`: none that is known. */
  stream(exchange: Exchange, after: number | undefined): void {
    const { clock, streams, retryMs } = this.#parts;
    if (after === undefined) {
      this.#breakOff(unknownCount);
      endedStream(exchange, retryMs(), unknownCount);
      return;
    }
    if (this.ending && after === this.#outbox.sent) {
      this.#deliver(exchange, after);
      return;
    }
    this.#cut();
    this.#transport = "sse";
    const owner: StreamOwner = {
      sent: () => this.#outbox.sent,
      wrote: (now) => void (this.lastWriteAt = now),
      fellBehind: (bytes) => this.#fellBehind(bytes),
      caughtUp: () => this.#settle(),
      left: (stream) => this.#lost(stream),
    };
    this.#stream = new EventStream({ exchange, shared: streams, clock, retryMs: retryMs(), owner });
    this.#stream.replay(this.#outbox.since(after));
    if (this.ending) this.#stream.close(this.ending);
    else this.#settle();
  }

  /** Answers a poll with frames, or with the end. @returns `false` when there is neither */
  #deliver(exchange: Exchange, after: number): boolean {
    if (after < this.#outbox.forgotten && !this.ending) {
      exchange.fail({ status: 409, message: "these frames were acknowledged before" });
      return true;
    }
    const frames = this.#outbox.since(after, maxFramesPerPoll);
    if (frames.length > 0) {
      this.lastWriteAt = this.#parts.clock.now();
      exchange.answer(200, this.bodies.format.contentType, this.bodies.of(frames));
      this.#weigh();
      return true;
    }
    if (!this.ending) return false;
    answerGone(exchange, this.ending);
    this.#finish();
    return true;
  }

  #fellBehind(bytes: number): void {
    const { settings, budget } = this.#parts;
    if (bytes > settings.maxBufferedBytes) this.shed();
    else budget.owe(this, bytes);
  }

  #lost(stream: EventStream): void {
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    if (this.ending) this.#finish();
    else this.#weigh();
  }

  /** What no stream has taken waits here, and is told to those who keep count. */
  #weigh(): void {
    if (!this.#stream && !this.#isOver) this.#parts.budget.owe(this, this.#outbox.bytes);
  }

  #isDrained(): boolean {
    return this.#stream ? this.#stream.isDrained : this.#outbox.bytes <= drainedBytes;
  }

  #settle(): void {
    if (this.#stream?.isDrained) this.#parts.budget.owe(this, 0);
    if (this.#undrained.length === 0 || !this.#isDrained()) return;
    const undrained = this.#undrained;
    this.#undrained = [];
    // One after another: the first may have much to send.
    for (const run of undrained) this.whenDrained(run);
  }

  #watchIdle(): void {
    const { clock, settings } = this.#parts;
    const quietMs = this.#poll ? 0 : clock.now() - this.#heardAt;
    if (quietMs >= settings.linkIdleMs) this.destroy();
    else this.#timer = clock.after(settings.linkIdleMs - quietMs, () => this.#watchIdle());
  }

  /** Nothing of it is worth fetching any more, but a stream can still be told. */
  #breakOff(ending: Ending): void {
    if (this.ending) return;
    if (!this.#stream) this.#outbox.clear();
    this.#end(ending);
    if (!this.#stream) this.#finish();
  }

  #end(ending: Ending): void {
    this.ending = ending;
    this.#inbox.end();
    this.#undrained = [];
    this.#timer.cancel();
    this.#timer = this.#parts.clock.after(closeTimeoutMs, () => this.#finish());
    this.#poll?.close();
    this.#stream?.close(ending);
  }

  #cut(): void {
    const [poll, stream] = [this.#poll, this.#stream];
    this.#poll = this.#stream = undefined;
    poll?.cut();
    stream?.cut();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer.cancel();
    this.#inbox.end();
    this.#outbox.clear();
    this.#undrained = [];
    this.#poll?.close();
    this.#cut();
    this.#parts.budget.owe(this, 0);
    this.#over(this);
    const { code, reason } = this.ending!;
    // Later, because `send` may lead here.
    setImmediate(() => this.#handler?.closed(code, reason));
  }
}
