import { WebSocket } from "ws";
import { rtbroadcaster } from "../../src/dialects/rtbroadcaster/index.ts";
import type { Server, ServerOptions } from "../../src/index.ts";
import type { ChannelKind, KindsDriver } from "../../src/testing/index.ts";
import { inWordsOf, startKinds, type KindsSettingOf } from "./kinds-server.ts";
import { WebSocketKindsClient } from "./websocket-kinds-client.ts";

/**
 * Rtbroadcaster over WebSockets. Channels of a case are rooms: where its rule has an owner whoever owns it makes the room, and
 * guests that come before wait for that; others are made by a host of the driver's. It knows no presence and no whispers.
 */
export const rtbroadcasterKinds: readonly KindsDriver[] = [
  driver("rtbroadcaster, as guests", ["public", "state"]),
  driver("rtbroadcaster, as owner and guests", ["owner", "publishing"]),
];

function driver(name: string, kinds: readonly ChannelKind[]): KindsDriver {
  return {
    name,
    kinds: new Set(kinds),
    async start({ channels = {}, limits = {} }) {
      const closes = Object.values(channels).some(({ ownerLeaves }) => ownerLeaves === "close");
      const dialect = rtbroadcaster({ ownerLeaves: closes ? "close" : "keep" });
      const setting = await startKinds({ limits }, dialect, ({ url, user }) =>
        new RtbKindsClient(url, user, rooms).open(),
      );
      const rooms: RoomsByName = new RoomsByName(setting, channels);
      // What a server keeps for those who come later is there before them.
      for (const [channel, { state }] of Object.entries(channels)) if (state) await rooms.host(channel);
      return { ...setting, server: rooms.server };
    },
  };
}

/** Which room is which channel of the case. */
class RoomsByName {
  readonly server: Server;
  readonly #setting: KindsSettingOf<RtbKindsClient>;
  readonly #channels: NonNullable<ServerOptions["channels"]>;
  readonly #uuids = new Map<string, string>();
  readonly #waiting = new Map<string, RtbKindsClient[]>();
  readonly #published = new Map<string, number>();

  constructor(setting: KindsSettingOf<RtbKindsClient>, channels: NonNullable<ServerOptions["channels"]>) {
    this.#setting = setting;
    this.#channels = channels;
    const real = setting.server;
    const nameOf = (channel: string): string => this.#uuids.get(channel) ?? channel;
    const connections = (): Server["connections"] => real.connections.filter(({ userId }) => userId !== undefined);
    this.server = Object.create(inWordsOf(real, { nameOf }), { connections: { get: connections } }) as Server;
  }

  /** Has a room made for a channel without an owner. */
  async host(channel: string): Promise<void> {
    await this.make(channel, await this.#setting.connect());
  }

  async make(channel: string, owner: RtbKindsClient): Promise<void> {
    const uuid = await owner.create();
    this.#uuids.set(channel, uuid);
    await this.#setting.server
      .channel(uuid)
      .subscribe(() => void this.#published.set(channel, this.publishedIn(channel) + 1));
    for (const guest of this.#waiting.get(channel) ?? []) await guest.enter(uuid);
  }

  /** The room of a channel; nothing where its owner has not come. */
  async find(channel: string, by: RtbKindsClient): Promise<string | undefined> {
    if (!this.#uuids.has(channel)) {
      const rule = this.#channels[channel];
      if (rule?.publish !== "owner") await this.host(channel);
      else if (!rule.owner || rule.owner({ connection: { userId: by.user } } as never)) await this.make(channel, by);
      else this.#waiting.set(channel, [...(this.#waiting.get(channel) ?? []), by]);
    }
    return this.#uuids.get(channel);
  }

  nameOf(uuid: string): string {
    return [...this.#uuids].find(([, known]) => known === uuid)?.[0] ?? uuid;
  }

  publishedIn(channel: string): number {
    return this.#published.get(channel) ?? 0;
  }
}

interface Said {
  readonly uuid: string;
  readonly status: { readonly value: number };
  readonly funcKey: string;
  readonly funcParams: readonly string[];
}

class RtbKindsClient extends WebSocketKindsClient {
  readonly user: string | undefined;
  readonly #rooms: RoomsByName;
  readonly #answered: ((said: Said | undefined) => void)[] = [];
  #uuid = "";
  #isOwner = false;

  constructor(url: string, user: string | undefined, rooms: RoomsByName) {
    super(url);
    this.user = user;
    this.#rooms = rooms;
    this.socket.on("close", () => {
      for (const answer of this.#answered.splice(0)) answer(undefined);
    });
  }

  async create(): Promise<string> {
    const { uuid } = (await this.#ask(1, ""))!;
    this.#uuid = uuid;
    this.#isOwner = true;
    return uuid;
  }

  async enter(uuid: string): Promise<void> {
    const answer = await this.#ask(2, uuid);
    if (answer?.status.value !== 3) throw new Error("not connected");
    this.#uuid = uuid;
  }

  /** Whoever is in one room leaves it for another, so that a fence is an answer, which comes after everything before it. */
  async join(channel: string): Promise<void> {
    if (channel.startsWith("fence-")) {
      await this.#sync();
      this.hear({ kind: "publication", channel, event: "fence" });
      return;
    }
    const uuid = await this.#rooms.find(channel, this);
    if (uuid !== undefined && uuid !== this.#uuid) await this.enter(uuid);
  }

  async leave(channel: string): Promise<void> {
    if (this.#isOwner) await this.create();
    else await this.join(`elsewhere than ${channel}`);
  }

  /** The owner hears nothing of what it says, and a guest nothing of what is ignored. */
  async publish(channel: string, event: string, data: unknown): Promise<void> {
    const before = this.#rooms.publishedIn(channel);
    const status = { value: 3, text: "connected" };
    const action = {
      uuid: this.#uuid,
      status,
      funcKey: event,
      funcParams: [JSON.stringify(data)],
      stateMessage: false,
    };
    this.say(action);
    await this.#sync();
    if (this.#rooms.publishedIn(channel) === before) throw new Error("it was not published");
  }

  protected told(text: string): void {
    const said = JSON.parse(text) as Said;
    const { uuid, status, funcKey, funcParams } = said;
    if (funcKey !== "") {
      const [param] = funcParams;
      const data: unknown = param === undefined ? param : JSON.parse(param);
      this.hear({ kind: "publication", channel: this.#rooms.nameOf(uuid), event: funcKey, data });
    } else if (status.value === 0 && uuid === this.#uuid) this.#uuid = "";
    else this.#answered.shift()?.(said);
  }

  /** What is no room is answered, and nothing else comes of it. */
  async #sync(): Promise<void> {
    await this.#ask(2, "no room");
  }

  /** @returns nothing when it is closed instead */
  #ask(value: number, uuid: string): Promise<Said | undefined> {
    if (this.socket.readyState !== WebSocket.OPEN) return Promise.resolve(undefined);
    const answer = new Promise<Said | undefined>((resolve) => this.#answered.push(resolve));
    this.say({ uuid, status: { value, text: "" } });
    return answer;
  }
}
