import { once } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../../../src/index.ts";
import { ruleOf, type TcpRule } from "./tcp-rules.ts";

/** More than this waiting in the proxy, and it stops reading. */
const highWaterBytes = 65_536;

export interface PipeOptions {
  readonly source: Socket;
  readonly sink: Socket;
  /** What holds for this direction of this link now. */
  readonly rules: () => readonly TcpRule[];
  readonly random: Pick<Random, "next">;
  /** The rule `limit-data` has let its last byte through. */
  readonly limitReached: () => void;
}

interface Waiting {
  /** Absent: the end of the stream. */
  readonly bytes?: Buffer;
  readonly due: number;
}

/** One direction of one link. */
export class Pipe {
  readonly #options: PipeOptions;
  readonly #queue: Waiting[] = [];
  #queuedBytes = 0;
  #lastDue = 0;
  #isPumping = false;
  #pumping: Promise<void> = Promise.resolve();
  #isCut = false;
  /** How many bytes have been read. */
  bytes = 0;
  /** Bytes or the end were swallowed: what follows them makes no sense to anyone. */
  hasLost = false;

  constructor(options: PipeOptions) {
    this.#options = options;
    const { source, sink } = options;
    source.on("data", (chunk: Buffer) => this.#read(chunk));
    source.on("end", () => this.#ended());
    sink.on("drain", () => this.apply());
  }

  /** The rules have changed, or there is room again. */
  apply(): void {
    const { source, sink, rules } = this.#options;
    const now = rules();
    if (ruleOf(now, "half-close") && !this.#isCut) {
      this.#isCut = true;
      sink.end();
    }
    if (ruleOf(now, "pause-read") || this.#queuedBytes > highWaterBytes || sink.writableNeedDrain) source.pause();
    else source.resume();
  }

  #read(chunk: Buffer): void {
    const { sink, rules, limitReached } = this.#options;
    const now = rules();
    const begin = this.bytes;
    this.bytes += chunk.length;
    if (this.#isCut || this.#swallows(now)) return;
    const limit = ruleOf(now, "limit-data")?.bytes ?? Infinity;
    const rest = this.bytes > limit ? chunk.subarray(0, Math.max(0, limit - begin)) : chunk;
    const bytes = corrupted(rest, now, begin);
    if (now.length === 0 && this.#queue.length === 0 && !this.#isPumping) {
      if (!sink.write(bytes)) this.apply();
      return;
    }
    this.#enqueue({ bytes, due: this.#dueAt(now) });
    if (this.bytes >= limit) {
      this.#isCut = true;
      void this.#pump().then(limitReached);
    }
  }

  #ended(): void {
    const now = this.#options.rules();
    if (this.#isCut || this.#swallows(now)) return;
    this.#enqueue({ due: Math.max(this.#lastDue, performance.now() + (ruleOf(now, "slow-close")?.ms ?? 0)) });
  }

  #swallows(rules: readonly TcpRule[]): boolean {
    const swallows = Boolean(ruleOf(rules, "blackhole") ?? ruleOf(rules, "timeout"));
    this.hasLost ||= swallows;
    return swallows;
  }

  #dueAt(rules: readonly TcpRule[]): number {
    const latency = ruleOf(rules, "latency");
    if (!latency) return this.#lastDue;
    const ms = latency.ms + (latency.jitterMs ?? 0) * this.#options.random.next();
    this.#lastDue = Math.max(this.#lastDue, performance.now() + ms);
    return this.#lastDue;
  }

  #enqueue(waiting: Waiting): void {
    this.#queue.push(waiting);
    this.#queuedBytes += waiting.bytes?.length ?? 0;
    this.apply();
    void this.#pump();
  }

  /** @returns when everything has been written */
  #pump(): Promise<void> {
    if (!this.#isPumping) {
      this.#isPumping = true;
      this.#pumping = this.#write().finally(() => {
        this.#isPumping = false;
        this.apply();
      });
    }
    return this.#pumping;
  }

  async #write(): Promise<void> {
    const { sink } = this.#options;
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      await passed(next.due - performance.now());
      if (!next.bytes) {
        sink.end();
        continue;
      }
      for (let at = 0; at < next.bytes.length;) {
        if (!sink.writable) return;
        const { bytes, pauseMs } = this.#pace();
        const slice = next.bytes.subarray(at, at + bytes);
        at += slice.length;
        // Small pieces would otherwise be joined again on their way.
        if (bytes < Infinity) sink.setNoDelay(true);
        if (!sink.write(slice)) await Promise.race([once(sink, "drain"), once(sink, "close")]).catch(() => undefined);
        await passed(pauseMs * (slice.length / Math.min(bytes, next.bytes.length)));
      }
      this.#queuedBytes -= next.bytes.length;
      this.apply();
    }
  }

  #pace(): { readonly bytes: number; readonly pauseMs: number } {
    const rules = this.#options.rules();
    const rate = ruleOf(rules, "bandwidth")?.bytesPerSecond;
    const slice = ruleOf(rules, "slice");
    // Twenty writes a second are smooth enough.
    const bytes = Math.min(slice?.bytes ?? Infinity, rate ? Math.max(1, Math.ceil(rate / 20)) : Infinity);
    return { bytes, pauseMs: (slice?.pauseMs ?? 0) + (rate ? (bytes / rate) * 1_000 : 0) };
  }
}

function corrupted(bytes: Buffer, rules: readonly TcpRule[], begin: number): Buffer {
  const rule = ruleOf(rules, "corrupt");
  if (!rule || rule.byte < begin || rule.byte >= begin + bytes.length) return bytes;
  const copy = Buffer.from(bytes);
  copy[rule.byte - begin] = copy[rule.byte - begin]! ^ 0xff;
  return copy;
}

async function passed(ms: number): Promise<void> {
  if (ms > 0) await delay(ms);
}
