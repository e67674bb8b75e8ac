import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type Server, type ServerOptions } from "ws";
import type { WebSocketSettings } from "../../dialects/dialect.ts";
import type { Wire, WireHandler } from "../../engine/ports/wire.ts";
import { closeCodes } from "../../errors/close-codes.ts";
import type { Clock } from "../../platform/clock.ts";
import type { OutboundBudget } from "../outbound-budget.ts";
import { limitControlFrames } from "./control-frames.ts";
import { keepAlive } from "./heartbeat.ts";
import { deflating } from "./deflate.ts";
import { frame } from "./framing.ts";
import { unpaced, type MessageRate } from "../pace.ts";
import { SharedSends } from "../shared-sends.ts";
import { TerseWebSocket } from "./terse-web-socket.ts";
import { WebSocketWire } from "./wire.ts";

/** A handshake that a dialect has agreed to. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly subprotocol: string | undefined;
}

/** How long a peer may take to answer our close frame before it is cut off. */
const closeTimeoutMs = 2_000;

/**
 * No context takeover, so that a message is compressed once for everyone, and no connection keeps a window of 32 KiB or more;
 * and no smaller window than the one that everyone shares.
 */
const deflateOffer = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: false as never,
};

/** What the WebSockets of one endpoint are made of. */
export interface NodeWebSocketsParts {
  readonly settings: WebSocketSettings;
  readonly clock: Clock;
  /** Shared by all endpoints of a server. */
  readonly budget: OutboundBudget;
  readonly rate: MessageRate;
}

/** WebSockets over Node's sockets: `ws` shakes hands and receives, what is sent goes past it. */
export class NodeWebSockets {
  readonly #server: Server<typeof TerseWebSocket>;
  readonly #plain: SharedSends;
  readonly #deflated: SharedSends;
  readonly #settings: WebSocketSettings;
  readonly #clock: Clock;
  readonly #budget: OutboundBudget;
  readonly #rate: MessageRate;
  readonly #chosen = new WeakMap<IncomingMessage, string>();

  constructor({ settings, clock, budget, rate }: NodeWebSocketsParts) {
    this.#settings = settings;
    this.#clock = clock;
    this.#budget = budget;
    this.#rate = rate;
    this.#plain = new SharedSends(frame, clock);
    this.#deflated = new SharedSends(deflating(settings.compressFromBytes), clock);
    const options: ServerOptions<typeof TerseWebSocket> & { closeTimeout: number } = {
      noServer: true,
      WebSocket: TerseWebSocket,
      clientTracking: false,
      perMessageDeflate: settings.compressFromBytes > 0 && deflateOffer,
      maxPayload: settings.maxMessageBytes,
      maxFragments: 4_096,
      closeTimeout: closeTimeoutMs,
      // The dialect has chosen already; see `accept`.
      handleProtocols: (_offered, request) => this.#chosen.get(request) ?? false,
    };
    this.#server = new WebSocketServer(options);
  }

  /** Finishes the handshake; `begin` is called with the open wire. A handshake that `ws` refuses is answered by it. */
  accept({ request, socket, head, subprotocol }: Upgrade, begin: (wire: Wire) => WireHandler): void {
    if (subprotocol !== undefined) this.#chosen.set(request, subprotocol);
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#open(webSocket, socket, begin));
  }

  #open(webSocket: TerseWebSocket, socket: Duplex, begin: (wire: Wire) => WireHandler): void {
    const clock = this.#clock;
    const settings = this.#settings;
    const shared = webSocket.extensions === "" ? this.#plain : this.#deflated;
    const rate = settings.isUnpaced ? unpaced : this.#rate;
    const wire = new WebSocketWire({ webSocket, socket, shared, clock, settings, budget: this.#budget, rate });
    const handler = begin(wire);
    wire.serve(handler);
    if (handler.ponged) webSocket.on("pong", () => handler.ponged?.());
    const alive = keepAlive({ webSocket, wire, clock, settings });
    const { code, meaning } = closeCodes["policy-violation"];
    limitControlFrames(webSocket, clock, () => wire.close(code, meaning));
    socket.on("drain", () => wire.settled());
    webSocket.on("message", (data, isBinary) => {
      alive.said();
      // The peer has until the close timeout to answer, and may say much until then.
      if (wire.isEnded) return;
      const bytes = data as Buffer;
      wire.received(isBinary ? bytes : bytes.toString());
    });
    webSocket.closing = (code) => wire.closing(code);
    // `ws` answers a broken frame with its close code by itself, and "close" follows.
    webSocket.on("error", () => undefined);
    webSocket.on("close", (code, reason) => {
      alive.stop();
      wire.gone(code, reason.toString());
    });
  }
}
