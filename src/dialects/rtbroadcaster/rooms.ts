import type { Connection, LiveConnection, Move } from "../../engine/connection.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Later } from "../../engine/later.ts";
import type { Joined } from "../../engine/membership.ts";
import { CarillonError } from "../../errors/carillon-error.ts";
import { connectedText, notConnectedText } from "./messages.ts";
import type { Settings } from "./options.ts";
import { Room } from "./room.ts";
import { canonicalUuid } from "./uuid.ts";

/** Longer than any room should live; a room that ends takes its state with it. */
const stateTtlMs = 2 ** 31 - 1;

/** The rooms of one endpoint, and who is in which. */
export class Rooms {
  readonly #engine: Engine;
  readonly #settings: Settings;
  readonly #byUuid = new Map<string, Room>();
  readonly #places = new Map<LiveConnection, Room>();
  /** What ends the rules of the rooms' channels. */
  readonly #rules = new Map<Room, () => void>();

  constructor(engine: Engine, settings: Settings) {
    this.#engine = engine;
    this.#settings = settings;
  }

  all(): IterableIterator<Room> {
    return this.#byUuid.values();
  }

  /** The room of this UUID, whatever its spelling. */
  find(uuid: string): Room | undefined {
    return this.#byUuid.get(uuid) ?? this.#byUuid.get(canonicalUuid(uuid) ?? "");
  }

  /** Where a client is. */
  of(connection: LiveConnection): Room | undefined {
    return this.#places.get(connection);
  }

  /** Makes a room for its owner, who leaves the one it is in. */
  async create(connection: LiveConnection): Promise<void> {
    const { authorizeCreate, maxRooms } = this.#settings;
    const isAllowed = await this.#asks(connection, authorizeCreate && (() => authorizeCreate(connection)));
    if (!isAllowed || !connection.isOpen || this.#byUuid.size >= maxRooms)
      return tell(connection, notConnectedText(""));
    const room = this.#open(connection);
    const joined = await this.#join(connection, room, authorizeCreate !== undefined);
    if (!joined || !connection.isOpen) {
      this.#free(room);
      return tell(connection, notConnectedText(""));
    }
    this.#move(connection, room);
    tell(connection, connectedText(room.uuid));
    joined.start();
  }

  /** Puts a client into a room that exists, and takes it out of the one it is in. */
  async join(connection: LiveConnection, uuid: string): Promise<void> {
    const room = this.find(uuid);
    const isIn = room !== undefined && connection.subscriptions.has(room.uuid);
    const isOwner = room?.owner === connection;
    if (isIn && isOwner) return tell(connection, connectedText(uuid));
    const { authorizeJoin } = this.#settings;
    const ask = room && authorizeJoin && !isOwner ? () => authorizeJoin(connection, room.uuid) : undefined;
    const isAllowed = await this.#asks(connection, ask);
    if (!room || !isAllowed || !this.#has(room)) return this.#refuse(connection, room, uuid);
    // Whoever is in already begins anew: is told the state again, and then everything newer once.
    this.#engine.leave(connection, room.uuid);
    const joined = await this.#join(connection, room, ask !== undefined);
    if (!joined || !connection.isOpen || !this.#has(room)) {
      this.#engine.leave(connection, room.uuid);
      return this.#refuse(connection, room, uuid);
    }
    if (!isOwner) room.guests.add(connection);
    this.#move(connection, room);
    tell(connection, connectedText(uuid));
    joined.start();
  }

  /** A client is gone, or goes to another room. */
  left(connection: LiveConnection): void {
    const room = this.#places.get(connection);
    if (!room) return;
    this.#places.delete(connection);
    this.#engine.leave(connection, room.uuid);
    room.guests.delete(connection);
    const isOrphaned = room.owner === connection;
    if (isOrphaned) room.owner = undefined;
    if (isOrphaned && this.#settings.closesWithOwner) void this.close(room);
    else if (!room.owner && room.guests.size === 0) this.#free(room);
  }

  /** The server has put a client into a room's channel, or taken it out; an owner may come back. */
  moved(connection: LiveConnection, { kind, channel }: Move): void {
    const room = this.#byUuid.get(channel);
    if (!room || room.owner === connection) return;
    if (kind === "subscribed") {
      room.guests.add(connection);
      this.#move(connection, room);
    } else if (this.#places.get(connection) === room) this.left(connection);
  }

  /** A guest ends its own part in a room. */
  dismiss(connection: LiveConnection, { uuid }: Room): void {
    this.left(connection);
    tell(connection, notConnectedText(uuid));
    connection.wire.close(1000);
  }

  /** Ends a room: its members are told, and closed. */
  async close(room: Room): Promise<void> {
    if (!this.#has(room)) return;
    const { uuid, owner, guests } = room;
    const members = owner ? [owner, ...guests] : [...guests];
    this.#byUuid.delete(uuid);
    for (const member of members) this.#places.delete(member);
    room.owner = undefined;
    guests.clear();
    // In a turn of its own, because what was published in this one may be on its way to them.
    await undefined;
    const packet = [notConnectedText(uuid)];
    for (const member of members) {
      this.#engine.leave(member, uuid);
      member.wire.send(packet);
      member.wire.close(1000);
    }
    this.#free(room);
    // Subscribers of other dialects, who are told so in theirs.
    await this.#tried(() => this.#engine.signal({ kind: "expel", channel: uuid }));
  }

  /** Whoever was in that room is so no more; in another one it stays. */
  #refuse(connection: LiveConnection, room: Room | undefined, uuid: string): void {
    if (room && this.#places.get(connection) === room) this.left(connection);
    tell(connection, notConnectedText(uuid));
  }

  #has(room: Room): boolean {
    return this.#byUuid.get(room.uuid) === room;
  }

  #open(owner: LiveConnection): Room {
    const { random } = this.#engine;
    const room = new Room(random.uuid(), owner, { random, keepsAllState: this.#settings.keepsAllState });
    this.#byUuid.set(room.uuid, room);
    const state = { ttlMs: stateTtlMs };
    const isOwner = ({ connection }: { readonly connection: Connection }): boolean => connection === room.owner;
    const { publish } = this.#settings;
    const rule = publish === "owner" ? { publish, owner: isOwner, state } : { publish, state };
    this.#rules.set(room, this.#engine.declare(room.uuid, rule));
    return room;
  }

  /** @returns `undefined` when it is refused */
  #join(connection: LiveConnection, { uuid }: Room, isAuthorized: boolean): Promise<Joined | undefined> {
    return this.#tried(() =>
      isAuthorized ? this.#engine.joinUnasked(connection, uuid) : this.#engine.join(connection, uuid),
    );
  }

  #move(connection: LiveConnection, room: Room): void {
    if (this.#places.get(connection) !== room) this.left(connection);
    this.#places.set(connection, room);
  }

  /** Nobody can find it any more, and nothing of it is kept. */
  #free(room: Room): void {
    if (this.#has(room)) this.#byUuid.delete(room.uuid);
    const forget = this.#rules.get(room);
    if (!forget) return;
    this.#rules.delete(room);
    void this.#tried(() => this.#engine.clearState(room.uuid));
    forget();
  }

  async #asks(connection: LiveConnection, ask: (() => Later<boolean>) | undefined): Promise<boolean> {
    return !ask || (await this.#tried(ask, connection)) === true;
  }

  /** What the engine refuses is refused, and what it failed at is reported already; what else fails is reported here. */
  async #tried<Result>(run: () => Later<Result>, connection?: LiveConnection): Promise<Result | undefined> {
    try {
      return await run();
    } catch (cause) {
      if (!(cause instanceof CarillonError)) {
        const error = new CarillonError("internal", { cause });
        this.#engine.report(connection ? { error, connection } : { error });
      }
      return undefined;
    }
  }
}

/** What is told to one client alone. */
function tell({ wire }: LiveConnection, text: string): void {
  wire.send([text]);
}
