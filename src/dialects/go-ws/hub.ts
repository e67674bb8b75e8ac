import { CarillonError } from "../../errors/carillon-error.ts";
import type { LiveConnection } from "../../engine/connection.ts";
import type { Engine } from "../../engine/engine.ts";
import { isPending } from "../../engine/later.ts";
import type { Timer } from "../../platform/clock.ts";
import { harmlessly } from "../harmlessly.ts";
import type { LiveClient } from "./client.ts";
import { GoWsEncoder, serverId, sourceOf } from "./encoder.ts";
import type { GoWsError } from "./errors.ts";
import { Gate } from "./gate.ts";
import type { GoWsSettings } from "./settings.ts";
import { GoWsCounters, type GoWsStats } from "./stats.ts";
import { Nanoseconds } from "./timestamps.ts";

/** What the server publishes in the words of go-ws. */
export interface GoWsBroadcast {
  readonly channelName: string;
  /** @default "" // which other dialects see as "message" */
  readonly event?: string;
  readonly data?: unknown;
  /**
   * Who the clients of go-ws are told that it is from.
   *
   * @default "server"
   */
  readonly senderId?: string;
  /**
   * 1 to 64 letters, digits, `_` or `-`; published again with it within five minutes, nobody is told again.
   *
   * @default the sender's id and the time in nanoseconds
   */
  readonly messageId?: string;
}

/** Going away, as servers do. */
export const farewell = { code: 1001, reason: "the server stops" } as const;

/** Stale clients are looked for, and counters written, so often. */
const tickMs = 10_000;

/** What all clients of one dialect share, whatever their path. */
export class Hub {
  readonly settings: GoWsSettings;
  readonly gate: Gate;
  readonly counters: GoWsCounters = new GoWsCounters();
  readonly clients: Map<string, LiveClient> = new Map();
  readonly #ended = Promise.withResolvers<void>();
  /** How to let each session go that is open. */
  readonly #sessions = new Set<() => void>();
  #engine: Engine | undefined;
  #nanoseconds: Nanoseconds | undefined;
  #encoder: GoWsEncoder | undefined;
  #timer: Timer | undefined;
  #waiting = 0;
  #isClosing = false;

  constructor(settings: GoWsSettings) {
    this.settings = settings;
    this.gate = new Gate(settings);
    if (settings.signal?.aborted) this.close();
    else settings.signal?.addEventListener("abort", this.close, { once: true });
  }

  get isMounted(): boolean {
    return this.#engine !== undefined;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** @throws {CarillonError} `option-invalid` when it is on no server yet */
  get engine(): Engine {
    if (this.#engine) return this.#engine;
    throw new CarillonError("option-invalid", {
      message: `goWs: mount it first, with createServer({ endpoints: { "/ws": it } })`,
    });
  }

  get nanoseconds(): Nanoseconds {
    return (this.#nanoseconds ??= new Nanoseconds(this.engine.random));
  }

  get encoder(): GoWsEncoder {
    return (this.#encoder ??= new GoWsEncoder({
      engine: this.engine,
      nanoseconds: this.nanoseconds,
      readmeFields: this.settings.readmeFields,
      maxListedUsers: this.settings.maxListedUsers,
      metadataOf: (id) => {
        const metadata = this.clients.get(id)?.metadata;
        return metadata && metadata.size > 0 ? Object.fromEntries(metadata) : undefined;
      },
    }));
  }

  /** @throws {CarillonError} `option-invalid` when it is on another server */
  mount(engine: Engine): void {
    if (this.#engine && this.#engine !== engine) {
      throw new CarillonError("option-invalid", { message: "goWs: it is mounted already; make one for each server" });
    }
    this.#engine = engine;
    this.#keepTicking();
  }

  /** @throws {CarillonError} see `GoWs.broadcast` */
  async broadcast({ channelName, event = "", data, senderId = serverId, messageId }: GoWsBroadcast): Promise<void> {
    const { engine, nanoseconds, settings } = this;
    const named = messageId ?? `${senderId}-${nanoseconds.next(engine.clock.wall())}`;
    const publication = engine.compose({
      channel: channelName,
      event: event === "" ? "message" : event,
      data,
      source: sourceOf({ event, message_id: named, sender_id: senderId }),
      ...(messageId !== undefined && { id: messageId }),
    });
    if (this.#waiting >= settings.writeBufferSize) throw new CarillonError("queue-full");
    const accepted = engine.publish(publication, { once: messageId !== undefined });
    if (!isPending(accepted)) return;
    this.#waiting += 1;
    try {
      await accepted;
    } finally {
      this.#waiting -= 1;
    }
  }

  stats(): GoWsStats {
    const { totalConnections, messagesSent, messagesReceived, errors } = this.counters;
    return { totalConnections, activeConnections: this.clients.size, messagesSent, messagesReceived, errors };
  }

  run(): Promise<void> {
    return this.#ended.promise;
  }

  /** Lets all clients go, and takes nobody new. A property, because it is a listener, too. */
  readonly close = (): void => {
    this.#isClosing = true;
    for (const letGo of this.#sessions) letGo();
    this.#endIfEmpty();
  };

  /** Its server has closed. */
  end(): void {
    this.#isClosing = true;
    this.#endIfEmpty();
  }

  /** A session is open. @returns to be called once, when it is gone */
  opened(letGo: () => void): () => void {
    this.#sessions.add(letGo);
    return () => {
      this.#sessions.delete(letGo);
      this.#endIfEmpty();
    };
  }

  /** A client is in. */
  entered(client: LiveClient): void {
    this.clients.set(client.id, client);
    this.counters.totalConnections += 1;
    this.#keepTicking();
    this.call(() => this.settings.onConnect?.(client), client.connection, "connect");
  }

  left(client: LiveClient): void {
    this.clients.delete(client.id);
    this.call(() => this.settings.onDisconnect?.(client), client.connection, "disconnect");
  }

  /** What a client did that is not allowed. */
  mistake(error: GoWsError, connection?: LiveConnection): void {
    this.counters.errors += 1;
    this.call(() => this.settings.errorHandler?.(error), connection, "error");
  }

  /** Calls a function of the application's; what it throws, or rejects with, is reported. */
  call(run: () => unknown, connection?: LiveConnection, event?: string): void {
    harmlessly(run, (cause) => this.failed(cause, connection, event));
  }

  /** Something of the application's failed. */
  failed(cause: unknown, connection?: LiveConnection, event?: string): void {
    this.engine.report({
      error: new CarillonError("handler-failed", { cause }),
      ...(connection && { connection }),
      ...(event !== undefined && { event }),
    });
  }

  #endIfEmpty(): void {
    if (!this.#isClosing || this.#sessions.size > 0) return;
    this.settings.signal?.removeEventListener("abort", this.close);
    this.#timer?.cancel();
    this.#ended.resolve();
  }

  #keepTicking(): void {
    const { logStats, storage } = this.settings;
    const isNeeded = this.clients.size > 0 || logStats || storage?.cleanupStaleClients !== undefined;
    if (!isNeeded || this.#timer || this.#isClosing) return;
    this.#timer = this.engine.clock.after(tickMs, () => {
      this.#timer = undefined;
      this.#tick();
      this.#keepTicking();
    });
  }

  #tick(): void {
    const { logStats, logger, staleMs, storage } = this.settings;
    const now = this.engine.clock.now();
    for (const { connection, seenAt } of this.clients.values()) {
      if (now - seenAt >= staleMs) connection.wire.close(farewell.code, "nothing was heard for too long");
    }
    this.call(() => storage?.cleanupStaleClients?.(staleMs));
    if (logStats) this.call(() => logger?.info(this.stats(), "go-ws"));
  }
}
