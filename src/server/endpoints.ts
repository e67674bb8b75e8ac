import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { CarillonError } from "../errors/carillon-error.ts";
import type { Dialect, Endpoint, Refusal } from "../dialects/dialect.ts";
import type { Engine } from "../engine/engine.ts";
import type { Handshake } from "../engine/handshake.ts";
import type { Wire, WireHandler } from "../engine/ports/wire.ts";
import { NodeWebSockets } from "../transports/websocket/node.ts";
import { handshakeFault, refuseUpgrade } from "../transports/websocket/upgrade.ts";
import type { OutboundBudget } from "../transports/outbound-budget.ts";
import type { Logger } from "./logger.ts";
import { nodeHandshake, pathOf } from "./node-handshake.ts";
import type { Sessions } from "./sessions.ts";

interface Mounted {
  readonly dialect: Dialect;
  readonly endpoint: Endpoint;
  readonly webSockets: NodeWebSockets;
}

/** What endpoints are made of. */
export interface EndpointsParts {
  readonly dialects: Readonly<Record<string, Dialect>>;
  readonly engine: Engine;
  readonly sessions: Sessions;
  readonly originAllowed: (handshake: Handshake) => boolean;
  readonly logger: Logger;
  readonly budget: OutboundBudget;
}

/** Which dialect is spoken on which path, and the way from a handshake to a session. */
export class Endpoints {
  readonly #mounted: ReadonlyMap<string, Mounted>;
  readonly #sessions: Sessions;
  readonly #originAllowed: (handshake: Handshake) => boolean;
  readonly #logger: Logger;
  #closing = false;

  constructor({ dialects, engine, sessions, originAllowed, logger, budget }: EndpointsParts) {
    this.#mounted = new Map(
      Object.entries(dialects).map(([path, dialect]) => [checkPath(path), mount(dialect, engine, budget)]),
    );
    this.#sessions = sessions;
    this.#originAllowed = originAllowed;
    this.#logger = logger;
  }

  /** From here on every handshake is turned down. */
  close(): void {
    this.#closing = true;
  }

  /** The answer to a plain request for one of our paths; `undefined`: the path is not ours. */
  answer(target: string): Refusal | undefined {
    if (!this.#mounted.has(pathOf(target))) return undefined;
    const headers = { Upgrade: "websocket", Connection: "Upgrade" };
    return { kind: "refuse", status: 426, message: "this is a WebSocket endpoint; connect with a WebSocket", headers };
  }

  /** Takes an upgrade to one of our paths. @returns `false` when the path is not ours */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const mounted = this.#mounted.get(pathOf(request.url ?? ""));
    if (!mounted) return false;
    // A socket that breaks before anybody listens would end the process.
    socket.on("error", () => undefined);
    void this.#upgrade(mounted, request, socket, head).catch((error: unknown) => {
      this.#logger.error({ error }, "a handshake failed");
      refuseUpgrade(socket, { status: 500, message: "something went wrong on the server" });
    });
    return true;
  }

  /** Begins a session on a wire that somebody else has opened. @throws {CarillonError} `option-invalid`, `forbidden` */
  async accept(wire: Wire, handshake: Handshake): Promise<WireHandler> {
    const mounted = this.#mounted.get(handshake.path);
    if (!mounted) throw new CarillonError("option-invalid", { message: `no endpoint at "${handshake.path}"` });
    const opening = await mounted.endpoint.route(handshake);
    if (opening.kind === "refuse" || this.#closing) throw new CarillonError("forbidden");
    return this.#begin(mounted, wire, handshake, opening.subprotocol);
  }

  async #upgrade(mounted: Mounted, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const handshake = nodeHandshake(request);
    const refusal = this.#refusal(mounted, request, handshake);
    if (refusal || !handshake) {
      refuseUpgrade(socket, refusal ?? { status: 400, message: "the request's target or headers make no sense" });
      return;
    }
    const routed = mounted.endpoint.route(handshake);
    const opening = routed instanceof Promise ? await routed : routed;
    if (opening.kind === "refuse") {
      refuseUpgrade(socket, opening);
      return;
    }
    const { subprotocol } = opening;
    mounted.webSockets.accept({ request, socket, head, subprotocol }, (wire) =>
      this.#begin(mounted, wire, handshake, subprotocol),
    );
  }

  #refusal(
    mounted: Mounted,
    request: IncomingMessage,
    handshake: Handshake | undefined,
  ): Omit<Refusal, "kind"> | undefined {
    if (this.#closing) return { status: 503, message: "the server is stopping", headers: { "Retry-After": "1" } };
    const fault = handshakeFault(request);
    if (fault || !handshake || mounted.dialect.anyOrigin || this.#originAllowed(handshake)) return fault;
    const origin = handshake.header("origin") ?? "";
    this.#logger.warn(
      { origin: origin.slice(0, 200), path: handshake.path },
      `a page of another origin was refused; to let it in: createServer({ origins: [${JSON.stringify(origin.slice(0, 200))}] })`,
    );
    return { status: 403, message: "pages of this origin may not connect" };
  }

  #begin({ endpoint }: Mounted, wire: Wire, handshake: Handshake, subprotocol: string | undefined): WireHandler {
    return this.#sessions.watch(wire, endpoint.open(wire, handshake, subprotocol));
  }
}

function mount(dialect: Dialect, engine: Engine, budget: OutboundBudget): Mounted {
  const endpoint = dialect.mount(engine);
  return {
    dialect,
    endpoint,
    webSockets: new NodeWebSockets({ settings: endpoint.webSocket, clock: engine.clock, budget }),
  };
}

function checkPath(path: string): string {
  if (path.startsWith("/") && URL.canParse(`http://host${path}`) && new URL(`http://host${path}`).pathname === path) {
    return path;
  }
  throw new CarillonError("option-invalid", {
    message: `endpoints: "${path}" is not a plain path such as "/carillon"`,
  });
}
