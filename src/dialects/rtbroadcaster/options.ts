import type { Connection } from "../../engine/connection.ts";
import type { Later } from "../../engine/later.ts";
import { CarillonError } from "../../errors/carillon-error.ts";
import type { Origins, WebSocketSettings } from "../dialect.ts";

/** How an rtbroadcaster endpoint behaves. */
export interface RtbroadcasterOptions {
  /**
   * Asked before a client makes a room; anything but `true` refuses. Instead of the channel rule's `authorize`.
   *
   * @default everyone may whom the channel's rule allows
   */
  readonly authorizeCreate?: (client: Connection) => Later<boolean>;
  /**
   * Asked before a client joins a room that exists; anything but `true` refuses, and the client cannot tell that from a
   * room that does not exist. Instead of the channel rule's `authorize`.
   *
   * @default everyone may who knows the room's UUID and whom the channel's rule allows
   */
  readonly authorizeJoin?: (client: Connection, uuid: string) => Later<boolean>;
  /**
   * So many rooms at a time; a client that wants to make one more is told that it is not connected.
   *
   * @default Infinity
   */
  readonly maxRooms?: number;
  /**
   * When the owner leaves without closing its room: the guests stay, and whoever joins is told the state (`"keep"`), or the
   * room is closed (`"close"`). Nobody becomes its new owner.
   *
   * @default "keep"
   */
  readonly ownerLeaves?: "keep" | "close";
  /**
   * Who speaks in a room: its owner alone (`"owner"`), or in other dialects whoever is subscribed to its channel, too
   * (`"subscribers"`). Guests listen.
   *
   * @default "owner"
   */
  readonly publish?: "owner" | "subscribers";
  /**
   * Which state messages of a room a guest is told when it joins: the last one of each key (`"last"`), or all (`"append"`).
   *
   * @default "last"
   */
  readonly state?: "last" | "append";
  /**
   * The largest message a client may send, in bytes; a larger one closes the connection with 1009.
   *
   * @default 512
   */
  readonly maxMessageBytes?: number;
  /**
   * Messages that may wait for a slow client; with one more the connection is closed.
   *
   * @default 256
   */
  readonly maxBufferedMessages?: number;
  /**
   * Bytes that may wait for a slow client; beyond it the connection is closed.
   *
   * @default 1_048_576 // 1 MiB
   */
  readonly maxBufferedBytes?: number;
  /**
   * A client that takes nothing of what waits for it for so long is cut off.
   *
   * @default 10_000 // 10 seconds
   */
  readonly writeTimeoutMs?: number;
  /**
   * Time between WebSocket pings. `0`: none, and no deadline for pongs.
   *
   * @default 54_000
   */
  readonly pingIntervalMs?: number;
  /**
   * How long a client may go without a pong; its messages prove nothing. Longer than the time between pings.
   *
   * @default 60_000 // 1 minute
   */
  readonly pongTimeoutMs?: number;
  /**
   * Which pages may connect: those that the server's `origins` say, those of the server's own host and of a list, or as a
   * function says.
   *
   * @default "server"
   */
  readonly origins?: Origins;
}

/** What an endpoint goes by. */
export interface Settings {
  readonly authorizeCreate: RtbroadcasterOptions["authorizeCreate"];
  readonly authorizeJoin: RtbroadcasterOptions["authorizeJoin"];
  readonly maxRooms: number;
  readonly publish: "owner" | "subscribers";
  readonly closesWithOwner: boolean;
  readonly keepsAllState: boolean;
  readonly origins: Origins;
  readonly webSocket: WebSocketSettings;
}

type Defaults = Required<Omit<RtbroadcasterOptions, "authorizeCreate" | "authorizeJoin">>;

export const rtbroadcasterDefaults: Defaults = {
  maxRooms: Infinity,
  ownerLeaves: "keep",
  publish: "owner",
  state: "last",
  maxMessageBytes: 512,
  maxBufferedMessages: 256,
  maxBufferedBytes: 1_048_576,
  writeTimeoutMs: 10_000,
  pingIntervalMs: 54_000,
  pongTimeoutMs: 60_000,
  origins: "server",
};

const numbers = [
  "maxRooms",
  "maxMessageBytes",
  "maxBufferedMessages",
  "maxBufferedBytes",
  "writeTimeoutMs",
  "pingIntervalMs",
  "pongTimeoutMs",
] as const;

/** Longer timers fire at once. @see HTML, "timer initialisation steps": the timeout is a signed 32-bit integer */
const maxTimerMs = 2 ** 31 - 1;

/** @throws {CarillonError} `option-invalid`, naming the option */
export function settingsOf(options: RtbroadcasterOptions): Settings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const effective: RtbroadcasterOptions & Defaults = { ...rtbroadcasterDefaults, ...Object.fromEntries(given) };
  for (const name of numbers) checkNumber(name, effective[name]);
  for (const name of ["authorizeCreate", "authorizeJoin"] as const) checkFunction(name, effective[name]);
  checkChoice("ownerLeaves", effective.ownerLeaves, ["keep", "close"]);
  checkChoice("publish", effective.publish, ["owner", "subscribers"]);
  checkChoice("state", effective.state, ["last", "append"]);
  const { pingIntervalMs, pongTimeoutMs } = effective;
  if (pongTimeoutMs <= pingIntervalMs) throw invalid("pongTimeoutMs must be longer than pingIntervalMs");
  return {
    authorizeCreate: effective.authorizeCreate,
    authorizeJoin: effective.authorizeJoin,
    maxRooms: effective.maxRooms,
    publish: effective.publish,
    closesWithOwner: effective.ownerLeaves === "close",
    keepsAllState: effective.state === "append",
    origins: effective.origins,
    webSocket: {
      maxMessageBytes: effective.maxMessageBytes,
      maxBufferedMessages: effective.maxBufferedMessages,
      maxBufferedBytes: effective.maxBufferedBytes,
      writeTimeoutMs: effective.writeTimeoutMs,
      pingMs: pingIntervalMs,
      // Counted from the ping, and not from the last pong.
      pongMs: pongTimeoutMs - pingIntervalMs,
      compressFromBytes: 0,
      needsPongs: true,
      isUnpaced: true,
      silent: { code: 1001 },
      slow: {},
    },
  };
}

function checkNumber(name: (typeof numbers)[number], value: number): void {
  const least = name === "pingIntervalMs" ? 0 : 1;
  const most = name.endsWith("Ms") ? maxTimerMs : Number.MAX_SAFE_INTEGER;
  if (name === "maxRooms" && value === Infinity) return;
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw invalid(`${name} must be a whole number from ${least} to ${most}${name === "maxRooms" ? ", or Infinity" : ""}`);
}

function checkFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== "function") throw invalid(`${name} must be a function`);
}

function checkChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (choices.some((choice) => choice === value)) return;
  throw invalid(`${name} must be ${choices.map((choice) => `"${choice}"`).join(" or ")}`);
}

function invalid(message: string): CarillonError {
  return new CarillonError("option-invalid", { message: `rtbroadcaster: ${message}` });
}
