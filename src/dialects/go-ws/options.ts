import type { Handshake } from "../../engine/handshake.ts";
import type { Later } from "../../engine/later.ts";
import type { Origins } from "../dialect.ts";
import type { GoWsClient } from "./client.ts";
import type { GoWsError } from "./errors.ts";
import type { GoWsRateLimit } from "./rate-window.ts";
import type { GoWsStats } from "./stats.ts";
import type { GoWsStorage } from "./storage.ts";
import type { UpgradeMiddleware } from "./upgrade.ts";

/** Says who is who and who may what, in one object. */
export interface AuthProvider {
  /** As the option of this name. */
  getUserId(handshake: Handshake): Later<string | undefined>;
  /** As the option `authHandler`. */
  authorize(userId: string, channel: string): Later<boolean>;
}

/** A whisper on its way from a client to the others in the channel. */
export interface Whisper {
  /** The `clientId` of who whispers. */
  readonly from: string;
  readonly channel: string;
  readonly client: GoWsClient;
  /** May be replaced. */
  event: string;
  /** May be replaced; `undefined` when the client sent none. */
  data: unknown;
}

/** Where the counters are written. */
export interface StatsLogger {
  info(facts: GoWsStats, message: string): void;
}

/** How the go-ws dialect behaves. Everything has a default. */
export interface GoWsOptions {
  /**
   * Asked before a client subscribes to `private-*` or `presence-*`; anything but `true` refuses it. The rules of such
   * channels are then not asked whether a client may subscribe, broadcast or whisper.
   *
   * @param userId for an anonymous client its `clientId`
   * @default the channel rules decide, and let nobody into `private-*`
   */
  readonly authHandler?: (userId: string, channel: string) => Later<boolean>;
  /**
   * Says who a client is, once for each connection; `undefined` or `""` is an anonymous one. What it throws refuses the client.
   *
   * @default the server's `authenticate`, with the token of `?token=` or `Authorization: Bearer`
   */
  readonly getUserId?: (handshake: Handshake) => Later<string | undefined>;
  /**
   * Instead of `authHandler` and `getUserId`.
   *
   * @default none
   */
  readonly authProvider?: AuthProvider;
  /**
   * The subprotocol that a client offers which brings its token as another one, `["go-ws", token]` for instance: browsers have
   * no other place for it than this and the address. The server's `authenticate` gets it.
   *
   * @default none
   */
  readonly tokenSubprotocol?: string;
  /**
   * Clients may whisper in every channel that they are subscribed to.
   *
   * @default false
   */
  readonly enableWhispers?: boolean;
  /**
   * Sees every whisper of a subscriber, and may change its event and data; anything but `true` drops it.
   *
   * @default none
   */
  readonly whisperMiddleware?: (whisper: Whisper) => Later<boolean>;
  /**
   * Told when a client is in; what it does at once is done before anything that the client said is heard.
   *
   * @default none
   */
  readonly onConnect?: (client: GoWsClient) => unknown;
  /**
   * Told once when a client is gone, after it has left its channels.
   *
   * @default none
   */
  readonly onDisconnect?: (client: GoWsClient) => unknown;
  /**
   * Told what clients did that is not allowed. What fails in the application's own functions reaches `server.on("error")`.
   *
   * @default none
   */
  readonly errorHandler?: (error: GoWsError) => unknown;
  /**
   * Around every upgrade, the first one outermost. What does not answer within 10 seconds refuses it with 503.
   *
   * @default []
   */
  readonly middleware?: readonly UpgradeMiddleware[];
  /**
   * How many messages of one client are heard; what is beyond is dropped, and the client is told. `false`: all.
   *
   * @default { messages: 100, intervalMs: 60_000 } // 100 a minute
   */
  readonly rateLimit?: GoWsRateLimit | false;
  /**
   * Clients of this dialect; beyond it they are answered with 503.
   *
   * @default 1_000
   */
  readonly maxConnections?: number;
  /**
   * Clients with one address, or with one /64 of IPv6; beyond it they are answered with 429. Unless you give a number, this
   * machine's own addresses are not counted: a proxy on it stands for all its clients.
   *
   * @default 100
   */
  readonly maxConnectionsPerIp?: number;
  /**
   * Time between WebSocket pings. `0`: none.
   *
   * @default 30_000 // 30 seconds
   */
  readonly pingIntervalMs?: number;
  /**
   * How long a client may go without a pong; then it is closed with 1001. Longer than `pingIntervalMs`.
   *
   * @default 60_000 // 1 minute
   */
  readonly pongTimeoutMs?: number;
  /**
   * Messages that may wait for one slow client; beyond it the client is closed with 4508.
   *
   * @default 1_024
   */
  readonly readBufferSize?: number;
  /**
   * Messages of {@link GoWs.broadcast} that may wait for the broker; beyond it they are refused with `queue-full`.
   *
   * @default 1_024
   */
  readonly writeBufferSize?: number;
  /**
   * Bytes that may wait for one slow client; beyond it the client is closed with 4508.
   *
   * @default 8_388_608 // 8 MiB
   */
  readonly maxBufferedBytes?: number;
  /**
   * The largest message a client may send; a larger one closes the connection with 1009.
   *
   * @default 524_288 // 512 KiB
   */
  readonly maxMessageBytes?: number;
  /**
   * Messages have the fields that the original's README reads, besides those that its code writes.
   *
   * @default true
   */
  readonly readmeFields?: boolean;
  /**
   * In a channel of so many connections or fewer, every notice of presence lists all of them in `users`. In a larger one only
   * who comes is sent the list; the others are told who comes and goes.
   *
   * @default 100
   */
  readonly maxListedUsers?: number;
  /**
   * Writes the counters into `logger`, one line every ten seconds.
   *
   * @default false
   */
  readonly logStats?: boolean;
  /**
   * For `logStats`.
   *
   * @default none
   */
  readonly logger?: StatsLogger;
  /**
   * A client that has neither said anything nor answered a ping for so long is closed with 1001; looked at every ten seconds.
   *
   * @default 300_000 // 5 minutes
   */
  readonly staleMs?: number;
  /**
   * Closes the hub: all clients are closed with 1001, and nobody new comes in.
   *
   * @default none
   */
  readonly signal?: AbortSignal;
  /**
   * Which pages may connect: all, unless the server's own `origins` say something (`"any"`); as the server says (`"server"`);
   * those of a list; or as a function says.
   *
   * @default "any" // all, with one warning, unless the server's own `origins` say which
   */
  readonly origins?: Origins;
  /**
   * Is told who is connected and who is in which channel.
   *
   * @default none // the server knows by itself
   */
  readonly storage?: GoWsStorage;
}
