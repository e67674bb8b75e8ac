import type { Clock, Timer } from "../../platform/clock.ts";
import type { Later } from "../../engine/later.ts";
import type { Handshake } from "../../engine/handshake.ts";
import type { PlainRequest, PlainRequests, Refusal, Reply } from "../dialect.ts";
import type { SocketGoSettings } from "./options.ts";
import { PollingWire } from "./polling-wire.ts";
import { otherMethod, queueFull, sessionClosed, unknownEndpoint, unknownSession } from "./refusals.ts";

/** What polling asks of its dialect. */
export interface PollingHost {
  readonly clock: Clock;
  readonly settings: SocketGoSettings;
  newId(): string;
  /** Why nobody is let in at the moment, if so. */
  refusal(): Refusal | undefined;
}

const paths = ["/connect", "/poll", "/send", "/disconnect"] as const;

const done: Reply = { kind: "reply", status: 200 };

/** How long a client that does not know yet is told that its session is closed, and not that there is none. */
const closedKnownMs = 30_000;

/** The four requests of clients without WebSockets. */
export class Polling implements PlainRequests {
  readonly maxBodyBytes: number;
  readonly alsoAt: readonly string[];
  readonly #host: PollingHost;
  readonly #wires = new Map<string, PollingWire>();
  readonly #closed = new Map<string, Timer>();

  constructor(host: PollingHost) {
    this.#host = host;
    this.maxBodyBytes = host.settings.maxMessageBytes;
    this.alsoAt = host.settings.rootPaths ? paths : [];
  }

  handle(request: PlainRequest): Later<Reply | Refusal> {
    const path = paths.find((one) => one === request.path);
    if (!path) return unknownEndpoint;
    if (request.method !== "GET" && request.method !== "POST") return otherMethod;
    if (path === "/connect") return this.#connect(request);
    const id = sessionIdOf(request.handshake);
    const wire = id === undefined ? undefined : this.#wires.get(id);
    if (path === "/disconnect") {
      if (wire) this.#forget(wire);
      wire?.leave();
      return done;
    }
    if (!wire) return id !== undefined && this.#closed.has(id) ? sessionClosed : unknownSession;
    if (path === "/poll") return wire.poll((gone) => request.onGone(gone));
    if (!wire.isOpen) return sessionClosed;
    return wire.take(request.body) ? done : queueFull;
  }

  /** Forgets those that are closed. */
  close(): void {
    for (const timer of this.#closed.values()) timer.cancel();
    this.#closed.clear();
  }

  #connect(request: PlainRequest): Later<Reply | Refusal> {
    const { clock, settings } = this.#host;
    const refusal = this.#host.refusal();
    if (refusal) return refusal;
    const sessionId = this.#host.newId();
    const wire = new PollingWire({
      sessionId,
      clock,
      settings,
      budget: request.budget,
      ended: (...ending) => this.#ended(...ending),
    });
    this.#wires.set(sessionId, wire);
    const handler = request.open(wire);
    if ("kind" in handler) {
      this.#forget(wire);
      return handler;
    }
    wire.serve(handler);
    return wire.admitted.then((refused) => refused ?? { ...json, body: JSON.stringify({ sessionId }) });
  }

  #ended(wire: PollingWire, isKnown: boolean): void {
    if (!this.#wires.has(wire.sessionId)) return;
    this.#forget(wire);
    if (!isKnown) return;
    const forget = this.#host.clock.after(closedKnownMs, () => this.#closed.delete(wire.sessionId));
    this.#closed.set(wire.sessionId, forget);
  }

  #forget({ sessionId }: PollingWire): void {
    this.#wires.delete(sessionId);
  }
}

const json: Reply = { kind: "reply", status: 200, contentType: "application/json" };

/** Of two nobody could say which one is meant. */
function sessionIdOf(handshake: Handshake): string | undefined {
  const ids = handshake.url.searchParams.getAll("sessionId");
  return ids.length === 1 ? ids[0] : undefined;
}
