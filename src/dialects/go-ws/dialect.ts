import type { Endpoint, Dialect } from "../dialect.ts";
import type { Handshake } from "../../engine/handshake.ts";
import { andThen } from "../../engine/later.ts";
import { goRefusal } from "../go-refusals.ts";
import type { GoWsClient } from "./client.ts";
import { dialectName } from "./encoder.ts";
import { ConnectionError, RateLimitError } from "./errors.ts";
import { farewell, Hub, type GoWsBroadcast } from "./hub.ts";
import type { GoWsOptions } from "./options.ts";
import { openSession } from "./session.ts";
import { goWsSettings } from "./settings.ts";
import type { GoWsStats } from "./stats.ts";
import { offers } from "./token.ts";
import { upgrade, type UpgradeRefusal } from "./upgrade.ts";

/** The go-ws dialect, and the hub behind it. */
export interface GoWs extends Dialect {
  /** Who is connected, by `clientId`. */
  readonly clients: ReadonlyMap<string, GoWsClient>;
  /**
   * Publishes to everyone in a channel, whatever their dialect. Once it is mounted, nobody has to wait for it.
   *
   * Rejects with `option-invalid` before it is mounted, `channel-name-invalid`, `event-name-invalid`, `bad-request` for the
   * `messageId`, `queue-full` and `broker-unavailable`.
   */
  broadcast(message: GoWsBroadcast): Promise<void>;
  stats(): GoWsStats;
  /** Resolves when it has been closed, by `signal`, `close` or its server, and no client is left. */
  run(): Promise<void>;
  /** Closes all clients with 1001, and takes nobody new. */
  close(): void;
}

/** A client whose socket takes nothing for so long is cut off. */
const writeTimeoutMs = 10_000;

/**
 * The dialect of clients of vortechron/go-ws: channels, private and presence channels, and whispers, as Laravel Echo knows
 * them. One object may be on several paths of one server.
 *
 * @throws {CarillonError} `option-invalid`
 *
 * @example
 * ```ts
 * const hub = goWs({ authHandler: (userId, channel) => channel === `private-${userId}` });
 * const server = createServer({ endpoints: { "/ws": hub } });
 * await server.listen(8080);
 * await hub.broadcast({ channelName: "news", event: "headline", data: { text: "…" }, senderId: "app" });
 * ```
 */
export function goWs(options: GoWsOptions = {}): GoWs {
  const hub = new Hub(goWsSettings(options));
  return {
    name: dialectName,
    origins: hub.settings.origins,
    clients: hub.clients,
    broadcast(message) {
      const done = hub.broadcast(message);
      // A client may have chosen the channel's name. Only the application's own mistake should stop it.
      if (hub.isMounted) done.catch(() => undefined);
      return done;
    },
    stats: () => hub.stats(),
    run: () => hub.run(),
    close: () => hub.close(),
    mount(engine) {
      hub.mount(engine);
      return endpointOf(hub);
    },
  };
}

function endpointOf(hub: Hub): Endpoint {
  const { pingIntervalMs, pongTimeoutMs, maxMessageBytes, maxBufferedBytes, readBufferSize } = hub.settings;
  const admit = ({ ip }: Handshake): UpgradeRefusal | undefined =>
    hub.isClosing ? { status: 503, message: farewell.reason } : hub.gate.refusal(ip);
  return {
    webSocket: {
      maxMessageBytes,
      pingMs: pingIntervalMs,
      // Counted from the ping, and not from the last pong.
      pongMs: pongTimeoutMs - pingIntervalMs,
      maxBufferedBytes,
      compressFromBytes: 0,
      needsPongs: true,
      silent: { code: farewell.code, reason: "no pong came" },
      maxBufferedMessages: readBufferSize,
      writeTimeoutMs,
      isUnpaced: true,
    },
    refuse(fault) {
      const refusal = goRefusal(fault);
      hub.mistake(new ConnectionError(refusal.message, refusal.status));
      return refusal;
    },
    route: (handshake) =>
      andThen(
        upgrade(
          handshake,
          hub.settings.middleware,
          () => admit(handshake),
          (error) => hub.failed(error),
          hub.engine.clock,
        ),
        (decision) => {
          if (decision.kind === "open") {
            const { tokenSubprotocol } = hub.settings;
            return offers(handshake, tokenSubprotocol) ? { ...decision, subprotocol: tokenSubprotocol } : decision;
          }
          const { message, status } = decision;
          // Too many connections are no rate.
          const isRate = status === 429 && !hub.gate.refusal(handshake.ip);
          hub.mistake(isRate ? new RateLimitError(message) : new ConnectionError(message, status));
          return decision;
        },
      ),
    open: (wire, handshake) => openSession(hub, wire, handshake),
    close: () => hub.end(),
  };
}
