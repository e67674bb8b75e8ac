import type { Connection, LiveConnection } from "../../engine/connection.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Later } from "../../engine/later.ts";
import type { Frame } from "../../engine/ports/wire.ts";
import { CarillonError } from "../../errors/carillon-error.ts";
import type { Dialect } from "../dialect.ts";
import { goRefusal } from "../go-refusals.ts";
import { SimpleSession } from "../simple-session.ts";
import { act } from "./actions.ts";
import { dialectName, roomEncoder } from "./encoder.ts";
import { notConnectedText, readMessage, status } from "./messages.ts";
import { checks, settingsOf, type RtbroadcasterOptions, type Settings } from "./options.ts";
import { Rooms } from "./rooms.ts";

/** A room, as the server sees it. */
export interface RtbroadcasterRoom {
  /** Lower-case, with hyphens; the name of the room's channel, too. */
  readonly uuid: string;
  /** `undefined` once it has left. */
  readonly owner: Connection | undefined;
  /** How many clients of this dialect are its guests. */
  readonly guests: number;
}

/** How the server broadcasts in a room. */
export interface RtbroadcasterBroadcastOptions {
  /**
   * Guests that join later are told it, too.
   *
   * @default false
   */
  readonly state?: boolean;
}

/** The rtbroadcaster dialect, and what the server can do in its rooms. */
export interface Rtbroadcaster extends Dialect {
  /**
   * The rooms that are open.
   *
   * @throws {CarillonError} `option-invalid` before it is mounted
   */
  readonly rooms: readonly RtbroadcasterRoom[];

  /**
   * Ends a room: its owner and its guests are told that they are not connected, and closed with 1000.
   *
   * @returns whether there was such a room
   * @throws {CarillonError} `option-invalid` before it is mounted
   */
  close(uuid: string): Promise<boolean>;

  /**
   * Tells an action to everyone in a room, its owner included.
   *
   * @param funcKey any event name
   * @returns whether there is such a room
   * @throws {CarillonError} `option-invalid` before it is mounted, `event-name-invalid`, `limit-exceeded` when the room's
   * state is full, `broker-unavailable`
   */
  broadcast(
    uuid: string,
    funcKey: string,
    funcParams?: readonly string[],
    options?: RtbroadcasterBroadcastOptions,
  ): Promise<boolean>;
}

/**
 * The dialect of rtbroadcaster's clients: one owner per room, who broadcasts actions to its guests.
 *
 * A room is known to the paths that this object is mounted on, on the node where it was made. Its channel has the room's UUID
 * as its name, so that clients of other dialects hear the actions as publications.
 *
 * @throws {CarillonError} `option-invalid`
 *
 * @example
 * ```ts
 * const broadcasting = rtbroadcaster({ ownerLeaves: "close" });
 * const server = createServer({ endpoints: { "/broadcasting": broadcasting, "/broadcast": broadcasting } });
 * ```
 */
export function rtbroadcaster(options: RtbroadcasterOptions = {}): Rtbroadcaster {
  const settings = settingsOf(options);
  let mounted: Mounted | undefined;

  function current(): Mounted {
    if (mounted) return mounted;
    return checks.refuse('mount it first: createServer({ endpoints: { "/broadcasting": … } })');
  }

  return {
    name: dialectName,
    origins: settings.origins,
    mount(engine) {
      if (mounted && mounted.engine !== engine) checks.refuse("it is part of another server; make one for each");
      const { rooms } = (mounted ??= { engine, rooms: new Rooms(engine, settings) });
      return {
        webSocket: settings.webSocket,
        refuse: goRefusal,
        route: () => ({ kind: "open" }),
        open: (wire, handshake) =>
          new SimpleSession({
            engine,
            wire,
            handshake,
            dialect: dialectName,
            encoder: roomEncoder,
            moved: (move, connection) => rooms.moved(connection, move),
            heard: (frame, connection) => hear({ engine, rooms, settings }, connection, frame),
            failed: (error, connection) => reportUnlessRefused(engine, error, connection),
            refused: (_, refusedWire) => {
              refusedWire.send([notConnectedText("")]);
              refusedWire.close(1008);
            },
            ended: (connection) => rooms.left(connection),
            farewell: { code: 1001 },
          }),
      };
    },
    get rooms() {
      return Array.from(current().rooms.all(), ({ uuid, owner, guests }) => ({ uuid, owner, guests: guests.size }));
    },
    async close(uuid) {
      const { rooms } = current();
      const room = rooms.find(uuid);
      if (room) await rooms.close(room);
      return room !== undefined;
    },
    async broadcast(uuid, funcKey, funcParams = [], { state = false } = {}) {
      const { engine, rooms } = current();
      const room = rooms.find(uuid);
      if (!room) return false;
      const said = engine.compose({ channel: room.uuid, event: funcKey, data: funcParams });
      const stateKey = state ? room.stateKey(funcKey) : undefined;
      await engine.publish(stateKey === undefined ? said : { ...said, stateKey });
      return true;
    },
  };
}

interface Mounted {
  readonly engine: Engine;
  readonly rooms: Rooms;
}

interface Place extends Mounted {
  readonly settings: Settings;
}

/** What makes no sense, or is not for this client to say, is ignored, as it always was. */
function hear({ engine, rooms, settings }: Place, connection: LiveConnection, frame: Frame): Later<void> {
  const message = readMessage(frame);
  const room = rooms.of(connection);
  switch (message?.status) {
    case status.new:
      return rooms.create(connection);
    case status.join:
      return rooms.join(connection, message.uuid);
    case status.connected:
      if (room?.owner !== connection) return undefined;
      return act(engine, { room, owner: connection, message, isAuthorized: settings.authorizeCreate !== undefined });
    case status.close:
      if (!room) return undefined;
      return room.owner === connection ? rooms.close(room) : rooms.dismiss(connection, room);
    default:
      return undefined;
  }
}

function reportUnlessRefused(engine: Engine, cause: unknown, connection: LiveConnection): void {
  if (cause instanceof CarillonError) return;
  engine.report({ error: new CarillonError("internal", { cause }), connection });
}
