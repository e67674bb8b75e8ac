import type { LiveConnection } from "../../engine/connection.ts";
import type { Engine } from "../../engine/engine.ts";
import { isPending } from "../../engine/later.ts";
import { checkChannelName } from "../../engine/names.ts";
import type { Encoder } from "../../engine/ports/encoder.ts";
import type { Packet } from "../../engine/ports/wire.ts";
import { CarillonError } from "../../errors/carillon-error.ts";
import { LiveRtcConnection, type ConnectionHub, type RtcConnection } from "./connection.ts";
import { languageOf, registryEncoder, sourceOf } from "./encoder.ts";
import { meaningOf } from "./meaning.ts";
import { frameOf, type Content, type Message } from "./messages.ts";
import type { Settings } from "./options.ts";
import type { RtcBroadcastOptions } from "./registry.ts";

/** The connections and groups of one registry in one server. */
export class Hub implements ConnectionHub {
  readonly engine: Engine;
  readonly encoder: Encoder;
  /** The server has closed, and is no longer the registry's. */
  isClosed = false;
  readonly #channelPrefix: string;
  readonly #language: string;
  /** Those that stay while nobody is in them. */
  readonly #made: Set<string>;
  readonly #open = new Map<string, LiveRtcConnection>();

  constructor(engine: Engine, { channelPrefix, name }: Settings, made: Set<string>) {
    this.engine = engine;
    this.#channelPrefix = channelPrefix;
    this.#language = languageOf(name ?? engine.random.uuid());
    this.#made = made;
    this.encoder = registryEncoder(this.#language);
  }

  get connections(): readonly LiveRtcConnection[] {
    return [...this.#open.values()];
  }

  get count(): number {
    return this.#open.size;
  }

  get groups(): readonly string[] {
    const groups = new Set(this.#made);
    for (const one of this.#open.values()) for (const group of this.groupsOf(one)) groups.add(group);
    return [...groups];
  }

  get(id: string): LiveRtcConnection | undefined {
    return this.#open.get(id);
  }

  has(connection: LiveRtcConnection): boolean {
    return this.#open.get(connection.id) === connection;
  }

  groupsOf({ live }: LiveRtcConnection): readonly string[] {
    const { length } = this.#channelPrefix;
    return live.channels
      .filter((channel) => channel.length > length && channel.startsWith(this.#channelPrefix))
      .map((channel) => channel.slice(length));
  }

  membersOf(group: string): readonly LiveRtcConnection[] {
    const subscribers = this.engine.subscribers(channelOf(this.#channelPrefix, group));
    return Array.from(subscribers, ({ id }) => this.#open.get(id)).filter((one) => one !== undefined);
  }

  /** It is in. */
  enter(live: LiveConnection): LiveRtcConnection {
    const connection = new LiveRtcConnection(live, this);
    this.#open.set(live.id, connection);
    return connection;
  }

  /** Its wire is gone; once more is harmless. */
  left(id: string): void {
    this.#open.delete(id);
  }

  close(...connections: readonly LiveRtcConnection[]): void {
    for (const connection of connections) {
      if (!this.has(connection)) continue;
      this.#open.delete(connection.id);
      const { live } = connection;
      for (const channel of live.channels) this.engine.leave(live, channel);
      live.wire.close();
    }
  }

  deleteGroup(group: string): void {
    const members = this.membersOf(group);
    this.#made.delete(group);
    this.close(...members);
  }

  /** @param isAsked whether the channel's rule is asked */
  async add(group: string, { id }: RtcConnection, isAsked: boolean): Promise<boolean> {
    const channel = channelOf(this.#channelPrefix, group);
    const live = this.#open.get(id)?.live;
    if (!live) return false;
    try {
      const joined = isAsked ? this.engine.join(live, channel) : this.engine.joinUnasked(live, channel);
      // Not awaited when it is there, so that what is broadcast next reaches it.
      (isPending(joined) ? await joined : joined).start();
    } catch (error) {
      if (this.#open.has(id) && !(error instanceof CarillonError && error.code === "already-subscribed")) throw error;
    }
    if (!this.#open.has(id)) {
      this.engine.leave(live, channel);
      return false;
    }
    if (!isAsked) this.#made.add(group);
    return true;
  }

  remove(group: string, { id }: RtcConnection): void {
    const channel = channelOf(this.#channelPrefix, group);
    const live = this.#open.get(id)?.live;
    if (live) this.engine.leave(live, channel);
  }

  async broadcast(message: Message | Content, group: string, { from, data }: RtcBroadcastOptions): Promise<void> {
    if (group === "") return this.broadcastToAll(message);
    const channel = channelOf(this.#channelPrefix, group);
    const frame = this.#written(message);
    if (frame === undefined) return undefined;
    const source = sourceOf(this.#language, frame);
    const meaning = meaningOf(message, frame);
    const meant = data === undefined || typeof frame !== "string" ? meaning : { ...meaning, data };
    if (!from) return void (await this.engine.publish(this.engine.compose({ channel, ...meant, source })));
    const speaker = this.#open.get(from.id);
    if (!speaker) return undefined;
    const terms = { source, isIntercepted: speaker.isHeard };
    await this.engine.publishFrom(speaker.live, { channel, ...meant }, terms);
    return undefined;
  }

  broadcastToAll(message: Message | Content): void {
    const frame = this.#written(message);
    if (frame === undefined) return;
    // One packet for all, so that its bytes are made once.
    const packet: Packet = [frame];
    for (const { live } of this.#open.values()) live.wire.send(packet);
  }

  #written(message: Message | Content): Content | undefined {
    try {
      return frameOf(message);
    } catch (cause) {
      this.engine.encodingFailed(cause);
      return undefined;
    }
  }
}

/** @throws {CarillonError} `channel-name-invalid`, for an empty name, too: nobody could address it */
export function channelOf(prefix: string, group: string): string {
  if (group === "") throw new CarillonError("channel-name-invalid", { message: "a group's name must not be empty" });
  const channel = `${prefix}${group}`;
  checkChannelName(channel);
  return channel;
}
