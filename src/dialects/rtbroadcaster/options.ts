import type { Connection } from "../../engine/connection.ts";
import type { Later } from "../../engine/later.ts";
import type { Origins, WebSocketSettings } from "../dialect.ts";
import { OptionChecks } from "../option-checks.ts";
import { socketDefaults, webSocketSettings, type SocketOptions } from "../web-socket-settings.ts";

/** How an rtbroadcaster endpoint behaves. */
export interface RtbroadcasterOptions extends SocketOptions {
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
   * Bytes that may wait for a slow client; beyond it the connection is closed.
   *
   * @default 1_048_576 // 1 MiB
   */
  readonly maxBufferedBytes?: number;
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
  ...socketDefaults,
  maxRooms: Infinity,
  ownerLeaves: "keep",
  publish: "owner",
  state: "last",
  maxMessageBytes: 512,
  maxBufferedBytes: 1_048_576,
  origins: "server",
};

const functions = ["authorizeCreate", "authorizeJoin"] as const;

const known: ReadonlySet<string> = new Set([...Object.keys(rtbroadcasterDefaults), ...functions]);

export const checks: OptionChecks = new OptionChecks("rtbroadcaster");

/** @throws {CarillonError} `option-invalid`, naming the option */
export function settingsOf(options: RtbroadcasterOptions): Settings {
  checks.names(options, known);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const effective: RtbroadcasterOptions & Defaults = { ...rtbroadcasterDefaults, ...Object.fromEntries(given) };
  const { authorizeCreate, authorizeJoin, maxRooms, ownerLeaves, publish, state, origins } = effective;
  for (const name of functions) checks.function(name, effective[name]);
  if (maxRooms !== Infinity) checks.number("maxRooms", maxRooms, 1);
  if (ownerLeaves !== "keep" && ownerLeaves !== "close") checks.refuse('ownerLeaves must be "keep" or "close"');
  if (publish !== "owner" && publish !== "subscribers") checks.refuse('publish must be "owner" or "subscribers"');
  if (state !== "last" && state !== "append") checks.refuse('state must be "last" or "append"');
  checks.origins(origins);
  return {
    authorizeCreate,
    authorizeJoin,
    maxRooms,
    publish,
    closesWithOwner: ownerLeaves === "close",
    keepsAllState: state === "append",
    origins,
    webSocket: webSocketSettings(checks, effective, { silent: { code: 1001 }, slow: {} }),
  };
}
