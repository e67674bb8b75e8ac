import type { Ending } from "../../engine/application.ts";
import { CarillonError } from "../../errors/carillon-error.ts";
import type { Dialect } from "../dialect.ts";
import { dialectName } from "./encoder.ts";
import { EventHandlers, type SocketHandler } from "./event-handlers.ts";
import { checks, socketGoSettings, type SocketGoOptions } from "./options.ts";
import { joinRoom, publishIn, publishInAll } from "./rooms.ts";
import type { Socket } from "./socket.ts";
import { Sockets } from "./sockets.ts";

/** One room in the server's hands. A room is a channel: there is nothing to make or to remove. */
export interface Room {
  readonly name: string;
  /** This node's clients of the dialect that are in it. */
  readonly sockets: readonly Socket[];
  readonly count: number;
  /** As {@link SocketGo.join}. */
  add(socketId: string): Promise<void>;
  /** As {@link SocketGo.leave}. */
  remove(socketId: string): void;
  has(socketId: string): boolean;
  /** As {@link SocketGo.broadcastToRoom}. */
  broadcast(event: string, data?: unknown): Promise<void>;
}

/** How {@link SocketGo.shutdown} ends things. */
export interface ShutdownOptions {
  /**
   * How long clients may take to leave before they are cut off. Who does not answer is cut off sooner: after 2 seconds over
   * a WebSocket, and after 5 when something waits for a poll.
   *
   * @default 5_000 // 5 seconds
   */
  readonly timeoutMs?: number;
}

/** How {@link SocketGo.shutdown} ended. */
export interface ShutdownReport {
  /** Somebody had not left in time. */
  readonly isTimedOut: boolean;
  /** How many were cut off for it. */
  readonly cutOff: number;
}

/**
 * The dialect of socket.go, with what its server can do.
 *
 * It may be put onto several paths of one server, which then share everything. All but `on` throws `option-invalid` before it
 * is on any.
 */
export interface SocketGo extends Dialect {
  /**
   * Handles an event of all clients, also of those that are connected already; several handlers of one event are started in
   * the order they were added, and none is waited for. `"user:*"` is every event that begins with `user:`.
   *
   * `connect`, `disconnect` and `error` are the server's own, whatever clients send. What a handler throws reaches `error` and
   * `server.on("error")`; what a client says that is no message reaches `error`.
   *
   * @returns the function that takes the handler away
   */
  on(event: "connect", handler: (socket: Socket) => unknown): () => void;
  /** Called once; `roomsOf` still says which rooms it was in. */
  on(event: "disconnect", handler: SocketHandler<Ending>): () => void;
  on(event: "error", handler: SocketHandler<CarillonError>): () => void;
  on(event: string, handler: SocketHandler): () => void;

  /** Sends to every client of the dialect on this node. */
  broadcast(event: string, data?: unknown): void;

  /**
   * As {@link broadcast}, for very many: others have their turn in between, so what is sent before it resolves may come first.
   * Resolves when it is queued for all.
   */
  broadcastParallel(event: string, data?: unknown): Promise<void>;

  /**
   * Sends to everyone in a room, on every node and in every dialect. Nothing happens when nobody is there.
   *
   * Other dialects keep the names `connect`, `disconnect`, `error` and `gap` for themselves, and know none that is empty,
   * longer than 200 bytes or with control characters; such an event is a `message` there.
   *
   * @throws {CarillonError} rejects with `channel-name-invalid`, `broker-unavailable`
   */
  broadcastToRoom(room: string, event: string, data?: unknown): Promise<void>;

  /**
   * As {@link broadcastToRoom}; whoever is in more than one of the rooms hears it once.
   *
   * @throws {CarillonError} as well, rejects with `not-supported` where a room keeps history
   */
  broadcastToRooms(rooms: readonly string[], event: string, data?: unknown): Promise<void>;

  /**
   * Puts a client into a room; `authorize` is not asked. Nothing happens when it is in it, or is unknown.
   *
   * @throws {CarillonError} rejects with `channel-name-invalid`, `limit-exceeded`, `broker-unavailable`
   */
  join(socketId: string, room: string): Promise<void>;

  /** Takes a client out of a room. Nothing happens when it is not in it. */
  leave(socketId: string, room: string): void;

  /** Takes a client out of all rooms. */
  leaveAll(socketId: string): void;

  /** The rooms that a client is in. */
  roomsOf(socketId: string): readonly string[];

  /** This node's clients of the dialect that are in a room. */
  in(room: string): readonly Socket[];

  /** How many clients of the dialect this node has. */
  count(): number;

  socket(id: string): Socket | undefined;
  room(name: string): Room;

  /**
   * Lets nobody in from here on, closes everyone with 1000, and waits until they have left or the time is over. Called again,
   * it is the same shutdown.
   *
   * @throws {CarillonError} rejects with `option-invalid`
   */
  shutdown(options?: ShutdownOptions): Promise<ShutdownReport>;
}

/**
 * Speaks with clients of socket.go: events over WebSockets and polling, and rooms.
 *
 * @throws {CarillonError} `option-invalid`
 *
 * @example
 * ```ts
 * const chat = socketGo();
 * chat.on("join", (socket, room) => chat.join(socket.id, String(room)));
 * chat.on("chat", (socket, data) => chat.broadcastToRoom("lobby", "chat", data));
 * const server = createServer({ endpoints: { "/socket": chat } });
 * ```
 */
export function socketGo(options: SocketGoOptions = {}): SocketGo {
  const settings = socketGoSettings(options);
  const handlers = new EventHandlers();
  let mounted: Sockets | undefined;

  const sockets = (): Sockets => {
    if (mounted) return mounted;
    const message = 'socketGo: put it onto a path first: createServer({ endpoints: { "/socket": it } })';
    throw new CarillonError("option-invalid", { message });
  };

  const dialect: SocketGo = {
    name: dialectName,
    origins: settings.origins,
    mount(engine) {
      mounted ??= new Sockets(engine, settings, handlers);
      if (mounted.engine === engine) return mounted.endpoint();
      const message = "socketGo: it serves another server already; make one for each";
      throw new CarillonError("option-invalid", { message });
    },
    on: (event: string, handler: SocketHandler<never>) => handlers.on(event, handler),
    broadcast: (event, data) => sockets().broadcast(event, data),
    broadcastParallel: (event, data) => sockets().broadcastInParts(event, data),
    broadcastToRoom: (room, event, data) => publishIn(sockets().engine, room, event, data),
    broadcastToRooms: (rooms, event, data) => publishInAll(sockets().engine, rooms, event, data),
    join(socketId, room) {
      const socket = sockets().get(socketId);
      return socket ? joinRoom(sockets().engine, socket.connection, room) : Promise.resolve();
    },
    leave(socketId, room) {
      const socket = sockets().get(socketId);
      if (socket) sockets().engine.leave(socket.connection, room);
    },
    leaveAll(socketId) {
      for (const room of dialect.roomsOf(socketId)) dialect.leave(socketId, room);
    },
    roomsOf: (socketId) => sockets().roomsOf(socketId),
    in: (room) => sockets().in(room),
    count: () => sockets().size,
    socket: (id) => sockets().get(id),
    room: (name) => ({
      name,
      get sockets() {
        return dialect.in(name);
      },
      get count() {
        return dialect.in(name).length;
      },
      add: (socketId) => dialect.join(socketId, name),
      remove: (socketId) => dialect.leave(socketId, name),
      has: (socketId) => dialect.roomsOf(socketId).includes(name),
      broadcast: (event, data) => dialect.broadcastToRoom(name, event, data),
    }),
    async shutdown({ timeoutMs = 5_000 } = {}) {
      checks.number("timeoutMs", timeoutMs, 0);
      const cutOff = await sockets().shutdown(timeoutMs);
      return { isTimedOut: cutOff > 0, cutOff };
    },
  };
  return dialect;
}
