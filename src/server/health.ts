import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { CarillonError } from "../errors/carillon-error.ts";
import { isPending, type Later } from "../engine/later.ts";
import type { Clock } from "../platform/clock.ts";
import { EventLoop, type DelayHistogram, type EventLoopDelay } from "./event-loop.ts";

/** When a server is not fit for more clients. */
export interface HealthOptions {
  /**
   * The event loop's p99 delay over the last ten seconds or more, beyond which the server is unready.
   * `Infinity` switches the check off.
   *
   * @default 500 // half a second
   */
  readonly maxEventLoopDelayMs?: number;
}

/** Whether new clients should come here; those that are here stay in any case. */
export interface Health {
  readonly status: "ready" | "unready" | "stopping";
  /** `false` is what is wrong. */
  readonly checks: {
    /** `close` has not been called. */
    readonly accepting: boolean;
    readonly eventLoop: boolean;
    /**
     * It has started, answers when it is asked, and nothing was asked of it in vain for ten seconds, or since then it has
     * accepted a publication.
     */
    readonly broker: boolean;
  };
  readonly eventLoopDelay: EventLoopDelay;
}

/** What the answer depends on. */
export interface HealthParts {
  readonly options: HealthOptions | undefined;
  readonly clock: Clock;
  readonly isReady: () => boolean;
  /** How many publications the broker has accepted. */
  readonly published: () => number;
  /** Asks something of the broker that it can answer whenever it is well. */
  readonly probe: () => Later<unknown>;
  /** For tests. */
  readonly makeHistogram?: () => DelayHistogram;
}

/** So long the broker counts as ill, when nothing shows that it is well. */
const brokerIllMs = 10_000;

/** It is asked no more often, however often somebody wants to know. */
const probeEveryMs = 2_000;

/** Looks after what a server needs to be of use. */
export class HealthWatch {
  readonly #parts: HealthParts;
  readonly #maxEventLoopDelayMs: number;
  readonly #eventLoop: EventLoop;
  #hasStarted = false;
  #probedAt = -Infinity;
  #isProbing = false;
  #answersProbes = true;
  #brokerFailed: { readonly at: number; readonly published: number } | undefined;

  /** @throws {CarillonError} `option-invalid` */
  constructor(parts: HealthParts) {
    const { maxEventLoopDelayMs = 500 } = parts.options ?? {};
    if (!(maxEventLoopDelayMs > 0)) {
      throw new CarillonError("option-invalid", { message: "health.maxEventLoopDelayMs must be a number above 0" });
    }
    this.#parts = parts;
    this.#maxEventLoopDelayMs = maxEventLoopDelayMs;
    this.#eventLoop = new EventLoop(parts.clock, parts.makeHistogram);
  }

  /** To be called with the start of the broker. */
  starting(started: Promise<void>): void {
    started.then(
      () => (this.#hasStarted = true),
      () => undefined,
    );
  }

  /** To be called with everything that fails; only the broker's matters. */
  failed({ code }: CarillonError): void {
    if (code !== "broker-unavailable") return;
    this.#brokerFailed = { at: this.#parts.clock.now(), published: this.#parts.published() };
  }

  health(): Health {
    const eventLoopDelay = this.#eventLoop.delay();
    const isAccepting = this.#parts.isReady();
    if (isAccepting && this.#hasStarted) this.#probe();
    const checks = {
      accepting: isAccepting,
      eventLoop: eventLoopDelay.p99Ms <= this.#maxEventLoopDelayMs,
      broker: this.#hasStarted && !this.#isBrokerIll(),
    };
    return { status: statusOf(checks), checks, eventLoopDelay };
  }

  close(): void {
    this.#eventLoop.close();
  }

  /** What is found out is known at once or, of a broker elsewhere, the next time somebody wants to know. */
  #probe(): void {
    const now = this.#parts.clock.now();
    if (this.#isProbing || now - this.#probedAt < probeEveryMs) return;
    this.#probedAt = now;
    const found = (answers: boolean): void => {
      this.#answersProbes = answers;
      this.#isProbing = false;
    };
    try {
      const answer = this.#parts.probe();
      if (!isPending(answer)) return found(true);
      this.#isProbing = true;
      answer.then(
        () => found(true),
        () => found(false),
      );
    } catch {
      found(false);
    }
  }

  #isBrokerIll(): boolean {
    if (!this.#answersProbes) return true;
    if (!this.#brokerFailed) return false;
    const { at, published } = this.#brokerFailed;
    return this.#parts.published() === published && this.#parts.clock.now() - at < brokerIllMs;
  }
}

/**
 * Answers a load balancer's question with 200, or with 503 when new clients should go elsewhere.
 *
 * @example
 * ```ts
 * const ready = healthHandler(server);
 * const httpServer = createHttpServer((request, response) => {
 *   if (request.url === "/readyz") ready(request, response);
 *   else response.writeHead(404).end();
 * });
 * server.attach(httpServer);
 * ```
 */
export function healthHandler(server: { health(): Health }): RequestListener {
  return (_request: IncomingMessage, response: ServerResponse) => {
    const { statusCode, body } = healthAnswer(server.health());
    response.writeHead(statusCode, { "Content-Type": "application/json", "Cache-Control": "no-store" }).end(body);
  };
}

/** What is told to whoever asks: no figures, for anyone may ask. */
export function healthAnswer({ status, checks }: Health): { readonly statusCode: number; readonly body: string } {
  return { statusCode: status === "ready" ? 200 : 503, body: JSON.stringify({ status, checks }) };
}

function statusOf({ accepting, eventLoop, broker }: Health["checks"]): Health["status"] {
  if (!accepting) return "stopping";
  return eventLoop && broker ? "ready" : "unready";
}
