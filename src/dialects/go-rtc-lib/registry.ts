import type { Later } from "../../engine/later.ts";
import type { Dialect } from "../dialect.ts";
import type { RtcConnection } from "./connection.ts";
import type { Content, Deserialize, Message } from "./messages.ts";

/**
 * Handles what a client sent; one message of a client after another.
 *
 * What it returns goes to that client alone: text in a text frame, bytes in a binary one, `undefined` and `null` not at
 * all. When it throws or rejects, that client is closed with an empty close frame, and `server.on("error")` is told
 * `handler-failed`.
 */
export type HandleMessage = (
  connection: RtcConnection,
  content: Content,
  registry: Registry,
) => Later<Content | null | undefined> | Later<void>;

/** A handler, or an object that has one. */
export type MessageHandler = HandleMessage | { readonly handleMessage: HandleMessage };

/** How something is broadcast in a group. */
export interface RtcBroadcastOptions {
  /**
   * In this client's name: the channel's rule and its schemas are asked as for any client that publishes, and other dialects
   * are told who it was. The server's interceptors are asked, too, unless this client's message is being handled: that one
   * they have seen. Nothing is said in the name of one that is closed.
   *
   * @default in the server's name, which asks nobody
   */
  readonly from?: RtcConnection;
  /**
   * What clients of other dialects are told. What goes out as bytes is bytes for everyone.
   *
   * @default the message's content
   */
  readonly data?: unknown;
}

/**
 * A hub of connections and named groups.
 *
 * It is a dialect with `options.handleMessage`, and makes further ones with handlers of their own; all of them share its
 * connections and groups, on any paths of one server. What needs connections throws `option-invalid` before it is mounted.
 */
export interface Registry extends Dialect {
  /** A dialect for another path, whose clients are this registry's too, and are handled by this handler. */
  registerHandler(handler: MessageHandler): Dialect;

  /**
   * Makes a group that stays, also while it is empty. Nothing happens when it is there.
   *
   * @throws {CarillonError} `channel-name-invalid`
   */
  createGroup(name: string): void;

  /**
   * Ends a group: closes every connection of this registry that is in it, which leaves all its groups at once. What was sent
   * before goes out first. Subscribers of other dialects stay in the channel. Nothing happens when there is no such group.
   *
   * @throws {CarillonError} rejects with `channel-name-invalid`
   */
  deleteGroup(name: string): Promise<void>;

  /**
   * Puts a connection into a group, which is made if need be. The server decides: the channel's `authorize` is not asked.
   *
   * @returns whether it is in it: `false` when it is closed
   * @throws {CarillonError} rejects with `channel-name-invalid`, `limit-exceeded`, `broker-unavailable`
   */
  addToGroup(group: string, connection: RtcConnection): Promise<boolean>;

  /**
   * As {@link addToGroup}, for a group that a client chose: the channel's `authorize` is asked, and the group does not stay
   * when it is empty.
   *
   * @throws {CarillonError} as well, rejects with `forbidden` or what `authorize` threw
   */
  joinGroup(group: string, connection: RtcConnection): Promise<boolean>;

  /**
   * Takes a connection out of a group. Nothing happens when it is not in it.
   *
   * @throws {CarillonError} `channel-name-invalid`
   */
  removeFromGroup(group: string, connection: RtcConnection): void;

  /** The groups that were made, and those that somebody is in. */
  readonly groups: readonly string[];

  /** This node's connections of this registry in a group. */
  membersOf(group: string): readonly RtcConnection[];

  /**
   * Sends to everyone in a group, on every node and in every dialect; of the registries only this one hears it. Without a
   * group: as {@link broadcastToAll}. A message that cannot be serialised is told to nobody but `server.on("error")`.
   *
   * @throws {CarillonError} rejects with `channel-name-invalid`, `broker-unavailable`; with `from` also with
   * `not-subscribed`, `forbidden`, `payload-invalid`, `limit-exceeded`
   */
  broadcast(message: Message | Content, group?: string, options?: RtcBroadcastOptions): Promise<void>;

  /** Sends to every connection of this registry on this node, and to nobody else. */
  broadcastToAll(message: Message | Content): void;

  /** Closes every connection of this registry on this node. */
  clearConnections(): void;

  /** This node's connections of this registry. */
  readonly connections: readonly RtcConnection[];
  /** How many there are. */
  readonly count: number;
  connection(id: string): RtcConnection | undefined;

  /**
   * Adds a type of the application's own, for {@link deserialize}; `json` and `byte` are there.
   *
   * @throws {CarillonError} `option-invalid` for a name that is taken
   */
  registerMessageType(type: string, deserialize: Deserialize): void;

  /**
   * Makes a message of what a client sent.
   *
   * @throws {CarillonError} `option-invalid` for a type that is not registered; otherwise as its function does
   */
  deserialize(type: string, content: Content): Message;
}

/** The function of a handler. */
export function handleOf(handler: MessageHandler): HandleMessage {
  return typeof handler === "function" ? handler : (...said) => handler.handleMessage(...said);
}
