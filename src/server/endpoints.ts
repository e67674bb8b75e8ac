import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { CarillonError } from "../errors/carillon-error.ts";
import type { Dialect, Refusal } from "../dialects/dialect.ts";
import type { Handshake, Locals } from "../engine/handshake.ts";
import type { Wire, WireHandler } from "../engine/ports/wire.ts";
import { Exchange } from "../transports/http/exchange.ts";
import { answerPlainly } from "../transports/http/plain.ts";
import { unpaced, type MessageRate } from "../transports/pace.ts";
import type { OutboundBudget } from "../transports/outbound-budget.ts";
import { linkActions, type LinkAction, type LinkRequests } from "../transports/http/requests.ts";
import { handshakeFault, refuseUpgrade } from "../transports/websocket/upgrade.ts";
import type { Admission, Leave } from "./admission.ts";
import type { Origination } from "./client-address.ts";
import type { Clock } from "../platform/clock.ts";
import { answerPreflight, corsHeaders } from "./cors.ts";
import type { Logger } from "./logger.ts";
import { headersFault, nodeHandshake, pathOf } from "./node-handshake.ts";
import { OwnWire } from "./own-wire.ts";
import { shownOrigin } from "./origin.ts";
import { checkPath, mount, Places, type Mounted, type MountParts } from "./places.ts";
import { inOwnWords, onlyWebSockets, senseless, stopping } from "./refusals.ts";
import type { Sessions } from "./sessions.ts";
import { Undecided } from "./undecided.ts";

/** What is known of a plain request besides the request. */
export interface RequestFacts {
  /** The client waits for 100 before it sends its body, and nobody has sent it. */
  readonly isExpected?: boolean;
  /** For `handshake.locals`. */
  readonly locals?: Locals | undefined;
}

interface LinkRequest {
  readonly links: LinkRequests;
  readonly action: LinkAction;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly facts: RequestFacts;
}

interface Beginning {
  readonly subprotocol: string | undefined;
  /** Told that a session has begun; says what to call at its end. */
  readonly opened?: (() => Leave) | undefined;
}

/** What endpoints are made of. */
export interface EndpointsParts extends MountParts {
  readonly dialects: Readonly<Record<string, Dialect>>;
  readonly sessions: Sessions;
  readonly addressOf: (from: Origination) => string;
  readonly admission: Admission;
}

/** Which dialect is spoken on which path, and the way from a handshake to a session. */
export class Endpoints {
  readonly #mounted: ReadonlyMap<string, Mounted>;
  readonly #places: Places;
  readonly #sessions: Sessions;
  readonly #addressOf: (from: Origination) => string;
  readonly #admission: Admission;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #budget: OutboundBudget;
  readonly #rate: MessageRate;
  readonly #undecided = new Undecided();
  #closing = false;

  constructor(parts: EndpointsParts) {
    this.#mounted = new Map(
      Object.entries(parts.dialects).map(([path, dialect]) => [path, mount(checkPath(path), dialect, parts)]),
    );
    this.#places = new Places([...this.#mounted.values()]);
    this.#sessions = parts.sessions;
    this.#addressOf = parts.addressOf;
    this.#admission = parts.admission;
    this.#logger = parts.logger;
    this.#clock = parts.engine.clock;
    this.#rate = parts.rate;
    this.#budget = parts.budget;
  }

  /** From here on nobody new comes in. Links that are open go on to be polled and posted to until they are closed. */
  close(): void {
    this.#closing = true;
    this.#undecided.stop();
  }

  /** Ends the sessions that wait for their clients; the others have ended. */
  end(): void {
    for (const { endpoint } of this.#mounted.values()) endpoint.close?.();
  }

  owns(request: IncomingMessage): boolean {
    return this.#places.find(pathOf(request.url ?? "")) !== undefined;
  }

  /**
   * Answers a plain request to one of our paths.
   *
   * @returns `false` when the path is not ours
   */
  request(request: IncomingMessage, response: ServerResponse, facts: RequestFacts = {}): boolean {
    const place = this.#places.find(pathOf(request.url ?? ""));
    if (!place) return false;
    const { mounted, action, rest } = place;
    const fault = headersFault(request);
    if (fault) new Exchange(request, response).fail(fault);
    else if (mounted.endpoint.requests) this.#plain(mounted, { rest, request, response, facts });
    else if (action && mounted.links) this.#link(mounted, { links: mounted.links, action, request, response, facts });
    else new Exchange(request, response).fail(inOwnWords(mounted, "upgrade", request, onlyWebSockets));
    return true;
  }

  /** Takes an upgrade to one of our paths. @returns `false` when the path is not ours */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, locals?: Locals): boolean {
    const place = this.#places.find(pathOf(request.url ?? ""));
    if (!place) return false;
    const { method } = request;
    // A socket that breaks before anybody listens would end the process.
    socket.on("error", () => undefined);
    if (place.action !== undefined) {
      refuseUpgrade(socket, { status: 400, message: "there are no WebSockets here" }, method);
      return true;
    }
    void this.#upgrade(place.mounted, request, socket, head, locals).catch((error: unknown) => {
      this.#logger.error({ error }, "a handshake failed");
      refuseUpgrade(socket, { status: 500, message: "something went wrong on the server" }, method);
    });
    return true;
  }

  /** See {@link Hosting.accept}. */
  async accept(wire: Wire, handshake: Handshake): Promise<WireHandler> {
    const mounted = this.#mounted.get(handshake.path);
    if (!mounted) throw new CarillonError("option-invalid", { message: `no endpoint at "${handshake.path}"` });
    const leave = this.#admission.enter(handshake.ip);
    if (typeof leave !== "function") throw new CarillonError("rate-limited", { message: leave.message });
    try {
      const opening = await this.#undecided.wait(mounted.endpoint.route(handshake));
      if (opening.kind === "refuse" || this.#closing) throw new CarillonError("forbidden");
      const rate = mounted.endpoint.webSocket.isUnpaced ? unpaced : this.#rate;
      const own = new OwnWire(wire, this.#clock, rate);
      const { subprotocol } = opening;
      return own.serve(this.#begin(mounted, own, handshake, { subprotocol, opened: () => leave }));
    } catch (error) {
      leave();
      throw error;
    }
  }

  async #upgrade(
    mounted: Mounted,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    locals: Locals | undefined,
  ): Promise<void> {
    const handshake = nodeHandshake(request, this.#addressOf, locals);
    const refusal = this.#refusal(mounted, request, handshake);
    if (refusal || !handshake) {
      refuseUpgrade(socket, refusal ?? senseless, request.method);
      return;
    }
    const leave = this.#admission.enter(handshake.ip);
    if (typeof leave !== "function") {
      refuseUpgrade(socket, leave, request.method);
      return;
    }
    // Whatever becomes of the handshake, this comes; unless it has come.
    if (socket.closed) leave();
    else socket.once("close", leave);
    const routed = this.#undecided.wait(mounted.endpoint.route(handshake));
    const opening = routed instanceof Promise ? await routed : routed;
    if (opening.kind === "refuse" || this.#closing) {
      refuseUpgrade(socket, opening.kind === "refuse" ? opening : stopping, request.method);
      return;
    }
    const { subprotocol } = opening;
    mounted.webSockets.accept({ request, socket, head, subprotocol }, (wire) =>
      this.#begin(mounted, wire, handshake, { subprotocol }),
    );
  }

  #refusal(
    mounted: Mounted,
    request: IncomingMessage,
    handshake: Handshake | undefined,
  ): Omit<Refusal, "kind"> | undefined {
    if (this.#closing) return stopping;
    const faulty = headersFault(request);
    if (faulty) return faulty;
    const wrong = handshakeFault(request);
    const refusal = wrong && inOwnWords(mounted, wrong.fault, request, wrong.refusal);
    if (wrong && wrong.fault !== "key") return refusal;
    return (handshake && this.#originFault(mounted, handshake)) ?? refusal;
  }

  #originFault(mounted: Mounted, handshake: Handshake): Refusal | undefined {
    if (mounted.originAllowed(handshake)) return undefined;
    const origin = shownOrigin(handshake);
    this.#logger.warn(
      { origin, path: handshake.path },
      `a page of another origin was refused; to let it in: createServer({ origins: [${JSON.stringify(origin)}] })`,
    );
    const refusal: Refusal = { kind: "refuse", status: 403, message: "pages of this origin may not connect" };
    return inOwnWords(mounted, "origin", handshake, refusal);
  }

  /** A request to a dialect that has its own way with them. */
  #plain(
    mounted: Mounted,
    { rest, request, response, facts }: Omit<LinkRequest, "links" | "action"> & { readonly rest: string },
  ): void {
    const exchange = new Exchange(request, response);
    const handshake = nodeHandshake(request, this.#addressOf, facts.locals);
    const fault = handshake ? this.#originFault(mounted, handshake) : senseless;
    const { endpoint } = mounted;
    if (fault || !handshake || !endpoint.requests) {
      exchange.fail(fault ?? senseless);
      return;
    }
    const { requests } = endpoint;
    answerPlainly(exchange, {
      requests,
      clock: this.#clock,
      handshake,
      path: rest,
      isExpected: facts.isExpected ?? false,
      open: (wire) => {
        if (this.#closing) return { kind: "refuse", ...stopping };
        const leave = this.#admission.enter(handshake.ip);
        if (typeof leave !== "function") return { kind: "refuse", ...leave };
        return this.#sessions.watch(wire, endpoint.open(wire, handshake, undefined), leave);
      },
      budget: this.#budget,
      failed: (error) => this.#logger.error({ error }, "a request could not be answered"),
    });
  }

  #link(mounted: Mounted, { links, action, request, response, facts }: LinkRequest): void {
    const handshake = nodeHandshake(request, this.#addressOf, facts.locals);
    const fault = handshake ? this.#originFault(mounted, handshake) : senseless;
    if (fault || !handshake) {
      new Exchange(request, response).fail(fault ?? senseless);
      return;
    }
    const exchange = new Exchange(request, response, corsHeaders(handshake.header("origin")));
    if (request.method === "OPTIONS") answerPreflight(exchange, linkActions[action]);
    else if (action === "open" && this.#closing) exchange.fail(stopping);
    else {
      const opened = action === "open" ? this.#enter(exchange, handshake) : undefined;
      if (exchange.isOver) return;
      links.handle(action, exchange, {
        address: handshake.ip,
        isExpected: facts.isExpected ?? false,
        admit: async ({ subprotocol }) => {
          const opening = await mounted.endpoint.route(handshake);
          if (opening.kind === "refuse") return opening;
          if (this.#closing) return { kind: "refuse", ...stopping };
          return (wire) => this.#begin(mounted, wire, handshake, { subprotocol, opened });
        },
        failed: (error) => this.#logger.error({ error }, "a link could not be opened"),
      });
    }
  }

  /** Answers when there is no room for one more link. @returns what is to be called when it has opened */
  #enter(exchange: Exchange, { ip }: Handshake): (() => Leave) | undefined {
    const leave = this.#admission.enter(ip);
    if (typeof leave !== "function") {
      exchange.fail(leave);
      return undefined;
    }
    let isOpen = false;
    exchange.response.once("close", () => {
      if (!isOpen) leave();
    });
    return () => {
      isOpen = true;
      return leave;
    };
  }

  #begin({ endpoint }: Mounted, wire: Wire, handshake: Handshake, { subprotocol, opened }: Beginning): WireHandler {
    const session = endpoint.open(wire, handshake, subprotocol);
    return this.#sessions.watch(wire, session, opened?.());
  }
}
