import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { CarillonError } from "../errors/carillon-error.ts";
import type { Dialect, Endpoint, Refusal } from "../dialects/dialect.ts";
import type { Engine } from "../engine/engine.ts";
import type { Handshake } from "../engine/handshake.ts";
import type { Wire, WireHandler } from "../engine/ports/wire.ts";
import { Exchange, type Fault } from "../transports/http/exchange.ts";
import { linkActions, LinkRequests, type LinkAction } from "../transports/http/requests.ts";
import { NodeWebSockets } from "../transports/websocket/node.ts";
import { handshakeFault, refuseUpgrade } from "../transports/websocket/upgrade.ts";
import type { OutboundBudget } from "../transports/outbound-budget.ts";
import type { MessageRate } from "../transports/pace.ts";
import type { Admission, Leave } from "./admission.ts";
import type { Origination } from "./client-address.ts";
import { answerPreflight, corsHeaders } from "./cors.ts";
import type { Logger } from "./logger.ts";
import { headersFault, nodeHandshake, pathOf } from "./node-handshake.ts";
import type { Sessions } from "./sessions.ts";

interface Mounted {
  readonly dialect: Dialect;
  readonly endpoint: Endpoint;
  readonly webSockets: NodeWebSockets;
  /** Absent: WebSockets only. */
  readonly links: LinkRequests | undefined;
}

/** What a path of ours is: an endpoint's own, or one under it for plain requests. */
interface Place {
  readonly mounted: Mounted;
  readonly action: LinkAction | undefined;
}

const senseless: Fault = { status: 400, message: "the request's target or headers make no sense" };
const stopping: Fault = { status: 503, message: "the server is stopping", headers: { "Retry-After": "1" } };

const onlyWebSockets: Fault = {
  status: 426,
  message: "this is a WebSocket endpoint; connect with a WebSocket",
  // Without "close" Node would keep the connection, whatever the client asked for.
  headers: { Upgrade: "websocket", Connection: "Upgrade, close" },
};

interface PlainRequest {
  readonly action: LinkAction;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly isExpected: boolean;
}

interface Beginning {
  readonly subprotocol: string | undefined;
  /** Told that a session has begun; says what to call at its end. */
  readonly opened?: (() => Leave) | undefined;
}

/** What endpoints are made of. */
export interface EndpointsParts {
  readonly dialects: Readonly<Record<string, Dialect>>;
  readonly engine: Engine;
  readonly sessions: Sessions;
  readonly originAllowed: (handshake: Handshake) => boolean;
  readonly addressOf: (from: Origination) => string;
  readonly admission: Admission;
  readonly logger: Logger;
  readonly budget: OutboundBudget;
  readonly rate: MessageRate;
}

/** Which dialect is spoken on which path, and the way from a handshake to a session. */
export class Endpoints {
  readonly #mounted: ReadonlyMap<string, Mounted>;
  readonly #places: ReadonlyMap<string, Place>;
  readonly #sessions: Sessions;
  readonly #originAllowed: (handshake: Handshake) => boolean;
  readonly #addressOf: (from: Origination) => string;
  readonly #admission: Admission;
  readonly #logger: Logger;
  #closing = false;

  constructor(parts: EndpointsParts) {
    this.#mounted = new Map(
      Object.entries(parts.dialects).map(([path, dialect]) => [checkPath(path), mount(dialect, parts)]),
    );
    this.#places = placesOf(this.#mounted);
    this.#sessions = parts.sessions;
    this.#originAllowed = parts.originAllowed;
    this.#addressOf = parts.addressOf;
    this.#admission = parts.admission;
    this.#logger = parts.logger;
  }

  /** From here on nobody new comes in. Links that are open go on to be polled and posted to until they are closed. */
  close(): void {
    this.#closing = true;
  }

  /** Ends the sessions that wait for their clients; the others have ended. */
  end(): void {
    for (const { endpoint } of this.#mounted.values()) endpoint.close?.();
  }

  /**
   * Answers a plain request to one of our paths.
   *
   * @param isExpected the client waits for 100 before it sends its body, and nobody has sent it
   * @returns `false` when the path is not ours
   */
  request(request: IncomingMessage, response: ServerResponse, isExpected = false): boolean {
    const place = this.#places.get(pathOf(request.url ?? ""));
    if (!place) return false;
    const { mounted, action } = place;
    const fault = headersFault(request);
    if (fault) new Exchange(request, response).fail(fault);
    else if (action === undefined || !mounted.links) new Exchange(request, response).fail(onlyWebSockets);
    else this.#plain(mounted, mounted.links, { action, request, response, isExpected });
    return true;
  }

  /** Takes an upgrade to one of our paths. @returns `false` when the path is not ours */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const place = this.#places.get(pathOf(request.url ?? ""));
    if (!place) return false;
    const { method } = request;
    // A socket that breaks before anybody listens would end the process.
    socket.on("error", () => undefined);
    if (place.action !== undefined) {
      refuseUpgrade(socket, { status: 400, message: "there are no WebSockets here" }, method);
      return true;
    }
    void this.#upgrade(place.mounted, request, socket, head).catch((error: unknown) => {
      this.#logger.error({ error }, "a handshake failed");
      refuseUpgrade(socket, { status: 500, message: "something went wrong on the server" }, method);
    });
    return true;
  }

  /** Begins a session on a wire that somebody else has opened. @throws {CarillonError} `option-invalid`, `forbidden` */
  async accept(wire: Wire, handshake: Handshake): Promise<WireHandler> {
    const mounted = this.#mounted.get(handshake.path);
    if (!mounted) throw new CarillonError("option-invalid", { message: `no endpoint at "${handshake.path}"` });
    const opening = await mounted.endpoint.route(handshake);
    if (opening.kind === "refuse" || this.#closing) throw new CarillonError("forbidden");
    return this.#begin(mounted, wire, handshake, { subprotocol: opening.subprotocol });
  }

  async #upgrade(mounted: Mounted, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const handshake = nodeHandshake(request, this.#addressOf);
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
    const routed = mounted.endpoint.route(handshake);
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
    return headersFault(request) ?? handshakeFault(request) ?? (handshake && this.#originFault(mounted, handshake));
  }

  #originFault({ dialect }: Mounted, handshake: Handshake): Fault | undefined {
    if (dialect.anyOrigin || this.#originAllowed(handshake)) return undefined;
    const origin = (handshake.header("origin") ?? "").slice(0, 200);
    this.#logger.warn(
      { origin, path: handshake.path },
      `a page of another origin was refused; to let it in: createServer({ origins: [${JSON.stringify(origin)}] })`,
    );
    return { status: 403, message: "pages of this origin may not connect" };
  }

  #plain(mounted: Mounted, links: LinkRequests, { action, request, response, isExpected }: PlainRequest): void {
    const handshake = nodeHandshake(request, this.#addressOf);
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
        isExpected,
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

function mount(dialect: Dialect, { engine, budget, rate }: EndpointsParts): Mounted {
  const endpoint = dialect.mount(engine);
  const { clock, random } = engine;
  return {
    dialect,
    endpoint,
    webSockets: new NodeWebSockets({ settings: endpoint.webSocket, clock, budget, rate }),
    links: endpoint.http && new LinkRequests({ settings: endpoint.http, clock, random, budget, rate }),
  };
}

/** All paths that are ours; an endpoint's own comes before what is under another one. */
function placesOf(mounted: ReadonlyMap<string, Mounted>): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  for (const [path, one] of mounted) {
    if (!one.links) continue;
    const folder = path === "/" ? "" : path;
    for (const action of Object.keys(linkActions) as LinkAction[]) {
      places.set(`${folder}/${action}`, { mounted: one, action });
    }
  }
  for (const [path, one] of mounted) places.set(path, { mounted: one, action: undefined });
  return places;
}

function checkPath(path: string): string {
  if (path.startsWith("/") && URL.canParse(`http://host${path}`) && new URL(`http://host${path}`).pathname === path) {
    return path;
  }
  throw new CarillonError("option-invalid", {
    message: `endpoints: "${path}" is not a plain path such as "/carillon"`,
  });
}
