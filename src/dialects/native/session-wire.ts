import type { Packet, Wire } from "../../engine/ports/wire.ts";

/** So many packets are kept for a client that comes back, if the bytes allow. */
const maxPackets = 4_096;

/** Told what ends a session that has no wire. */
export interface SessionWireHost {
  /** The server's side ended it, or more waits for the client than may. */
  ended(code: number, reason: string): void;
  /** More waits for the client than may. */
  overflowed(): void;
}

/**
 * The wire of a session, which outlives the wires of its links.
 *
 * It keeps what the client has not acknowledged: packets and not deliveries, because a session keeps its codec, and a packet
 * is shared by all who got it.
 */
export class SessionWire implements Wire {
  readonly #host: SessionWireHost;
  readonly #maxBytes: number;
  #link: Wire | undefined;
  #kept: Packet[] = [];
  /** How many of `kept` are forgotten already. */
  #head = 0;
  #keptBytes = 0;
  /** How many packets the session sent before the first that is kept. */
  #before = 0;
  #isPaused = false;
  #isClosed = false;
  #lastWriteAt = 0;
  readonly #waiting = new Set<() => void>();

  /** @param maxBytes what may be kept; `0`: nothing, and the session ends with its link */
  constructor(link: Wire, host: SessionWireHost, maxBytes: number) {
    this.#link = link;
    this.#host = host;
    this.#maxBytes = maxBytes;
  }

  get transport(): Wire["transport"] {
    return this.#link?.transport ?? "in-process";
  }

  get bufferedBytes(): number {
    return this.#link?.bufferedBytes ?? this.#keptBytes;
  }

  get lastWriteAt(): number {
    return this.#link?.lastWriteAt ?? this.#lastWriteAt;
  }

  /** Whether this is the link of the session, and no earlier one. */
  isOn(link: Wire): boolean {
    return this.#link === link;
  }

  get hasLink(): boolean {
    return this.#link !== undefined;
  }

  send(packet: Packet): void {
    if (this.#isClosed) return;
    if (this.#maxBytes > 0) this.#keep(packet);
    this.#link?.send(packet);
  }

  /** Says what belongs to the link and not to the session: it is not counted, and nobody hears it later. */
  tell(packet: Packet): void {
    this.#link?.send(packet);
  }

  whenDrained(run: () => void): void {
    this.#waiting.add(run);
    if (this.#link) this.#awaitDrain(this.#link, run);
  }

  pause(): void {
    this.#isPaused = true;
    this.#link?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#link?.resume();
  }

  close(code?: number, reason?: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#link) this.#link.close(code, reason);
    else this.#host.ended(code ?? 1005, reason ?? "");
  }

  destroy(): void {
    this.#isClosed = true;
    if (this.#link) this.#link.destroy();
    else this.#host.ended(1006, "");
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The client has so many packets of this session. */
  acknowledged(received: number): void {
    while (this.#before < received && this.#head < this.#kept.length) this.#forgetOldest();
  }

  /** Whether everything after the first `received` packets is there. */
  canResume(received: number): boolean {
    return received >= this.#before && received <= this.#before + this.#kept.length - this.#head;
  }

  /** The link is gone. */
  detach(): void {
    this.#lastWriteAt = this.lastWriteAt;
    this.#link = undefined;
  }

  /** The session goes on on another link; see {@link canResume}. @returns the link that it was on until now */
  attach(link: Wire): Wire | undefined {
    const earlier = this.#link;
    this.#link = link;
    if (this.#isPaused) link.pause();
    return earlier;
  }

  /** Says again what is not acknowledged, in order. */
  repeat(): void {
    const link = this.#link;
    if (!link) return;
    for (let at = this.#head; at < this.#kept.length; at += 1) link.send(this.#kept[at]!);
    for (const run of this.#waiting) this.#awaitDrain(link, run);
  }

  #keep(packet: Packet): void {
    this.#kept.push(packet);
    this.#keptBytes += sizeOf(packet);
    if (!this.#isTooMuch) return;
    if (!this.#link) this.#host.overflowed();
    else while (this.#isTooMuch) this.#forgetOldest();
  }

  get #isTooMuch(): boolean {
    return this.#kept.length - this.#head > maxPackets || this.#keptBytes > this.#maxBytes;
  }

  #forgetOldest(): void {
    this.#keptBytes -= sizeOf(this.#kept[this.#head]!);
    this.#kept[this.#head] = forgotten;
    this.#before += 1;
    this.#head += 1;
    if (this.#head === this.#kept.length) {
      this.#kept = [];
      this.#head = 0;
    } else if (this.#head >= 1_024 && this.#head * 2 >= this.#kept.length) {
      this.#kept = this.#kept.slice(this.#head);
      this.#head = 0;
    }
  }

  #awaitDrain(link: Wire, run: () => void): void {
    link.whenDrained(() => {
      if (this.#link === link && this.#waiting.delete(run)) run();
    });
  }
}

/** Stands where a packet was, which must not live on here alone. */
const forgotten: Packet = [];

/** In characters or bytes; near enough for a limit. */
function sizeOf(packet: Packet): number {
  let size = 0;
  for (const frame of packet) size += frame.length;
  return size;
}
