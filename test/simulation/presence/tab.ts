import { createClient, type Client } from "../../../src/client/index.ts";
import { toCarillonError } from "../../../src/errors/carillon-error.ts";
import { createJsonCodec, type Codec } from "../../../src/protocol/codec.ts";
import { ActorClock } from "../world/actor-clock.ts";
import type { Caller } from "../world/network.ts";
import type { SeededRandom } from "../world/random.ts";
import { channels, isAllowed, keyOf } from "./channels.ts";
import { View, type Message } from "./view.ts";
import type { PresenceWorld } from "./world.ts";

/** What is published in a channel: whose secret it is, and who says so. */
export interface Secret {
  readonly label: string;
  readonly by: string;
}

/** One client of a user. */
export class Tab implements Caller {
  readonly name: string;
  readonly clock: ActorClock;
  readonly client: Client;
  readonly view: View;
  user: string;
  isGone = false;
  readonly #world: PresenceWorld;
  readonly #random: SeededRandom;
  /** The channels that its application wants to be in, and may. */
  readonly #wants = new Map<string, object>();

  constructor(world: PresenceWorld, name: string, user: string) {
    const own = world.random.part(name);
    this.#world = world;
    this.#random = own;
    this.name = name;
    this.user = user;
    this.clock = new ActorClock(world.scheduler, own.whole(0, 1_000_000));
    this.view = new View(name, (message) => world.fail(message));
    this.client = createClient("ws://world/carillon", {
      transports: [world.network.transport("upper", this)],
      token: () => world.tokenOf(this),
      clock: this.clock,
      random: own.part("client"),
      codec: this.#tapped(createJsonCodec()),
      connectTimeoutMs: 2_000,
      requestTimeoutMs: 3_000,
      reconnect: { delayMs: 100, maxDelayMs: 500 },
    });
    for (const channel of channels) {
      this.client.channel(channel).on("m", (data, { from }) => this.#heard(channel, data as Secret, from?.user));
    }
    this.client.connect().catch(() => undefined);
    world.trace.add(name, `comes as ${user}`);
  }

  get wants(): Iterable<string> {
    return this.#wants.keys();
  }

  /** The client's own list. */
  members(channel: string): readonly string[] {
    return this.client.channel(channel).presence.members.map(keyOf);
  }

  subscribe(name: string): void {
    if (this.isGone || this.#wants.has(name)) return;
    const mark = {};
    if (isAllowed(name, this.user)) {
      this.#wants.set(name, mark);
      this.#world.roll.enter(name, this.user);
    }
    this.#trace(`subscribes to ${name}`);
    this.client
      .channel(name)
      .subscribe()
      .then(
        () => {
          const { state } = this.client;
          if (state.kind === "open" && !isAllowed(name, state.user ?? ""))
            this.#fail(`I18 ${this.name} is ${state.user} and was let into ${name}`);
        },
        (error: unknown) => {
          this.#trace(`is not in ${name}: ${toCarillonError(error, "internal").code}`);
          if (this.#wants.get(name) === mark) this.#drop(name);
        },
      );
  }

  unsubscribe(name: string): void {
    if (this.isGone || !this.#wants.has(name)) return;
    this.#trace(`leaves ${name}`);
    this.#drop(name);
    this.client
      .channel(name)
      .unsubscribe()
      .catch(() => undefined);
  }

  /** Whether it may or not. */
  publish(name: string): void {
    if (this.isGone) return;
    const secret: Secret = { label: name, by: this.user };
    this.client
      .channel(name)
      .publish("m", secret)
      .catch(() => undefined);
  }

  /** Its link is lost, and it comes back later. */
  cut(clientMs: number): void {
    for (const pipe of this.#world.network.pipesOf(this.name)) {
      pipe.break({ keepsUnderway: false, clientMs, serverMs: this.#random.whole(0, 400) });
    }
  }

  /** Somebody else goes on with it. */
  switchUser(user: string): void {
    if (this.isGone || this.user === user) return;
    // What the one before has asked for in vain, this one might be given.
    for (const name of channels)
      if (!this.#wants.has(name))
        this.client
          .channel(name)
          .unsubscribe()
          .catch(() => undefined);
    for (const name of this.#wants.keys()) {
      this.#world.roll.leave(name, this.user);
      if (isAllowed(name, user)) this.#world.roll.enter(name, user);
      else this.#wants.delete(name);
    }
    this.user = user;
    this.#world.expire(this);
    this.#trace(`is ${user} now`);
    // Only who connects is asked who it is.
    this.cut(0);
  }

  /** The application closes it. */
  close(): void {
    if (this.isGone) return;
    this.#end("closes");
    void this.client.close();
  }

  /** Its process dies. */
  vanish(): void {
    if (this.isGone) return;
    this.#end("vanishes");
    this.clock.kill();
    for (const pipe of this.#world.network.pipesOf(this.name)) {
      pipe.break({ keepsUnderway: false, serverMs: this.#random.whole(0, 500) });
    }
  }

  #end(how: string): void {
    this.#trace(how);
    this.isGone = true;
    for (const name of this.#wants.keys()) this.#drop(name);
  }

  #drop(name: string): void {
    this.#wants.delete(name);
    this.#world.roll.leave(name, this.user);
  }

  #heard(channel: string, { label, by }: Secret, user: string | undefined): void {
    this.#world.heard += 1;
    const { state } = this.client;
    if (label !== channel) this.#fail(`I18 ${this.name} heard a secret of ${label} in ${channel}`);
    if (state.kind === "open" && !isAllowed(channel, state.user ?? ""))
      this.#fail(`I18 ${this.name} is ${state.user} and heard a secret of ${channel}`);
    if (user !== undefined && !isAllowed(channel, user))
      this.#fail(`I18 ${user}, who says to be ${by}, spoke in ${channel}`);
  }

  /** Looks at what the server says before the client does, and changes nothing. */
  #tapped(codec: Codec): Codec {
    let user = "";
    return {
      ...codec,
      decode: (frame) => {
        const messages = codec.decode(frame);
        for (const message of messages) {
          const said = message as Message & { readonly user?: string; readonly resumed?: boolean };
          if (said.type === "connected") {
            user = said.user ?? user;
            if (said.resumed !== true) this.view.clear();
          }
          this.view.hear(said, user);
        }
        return messages;
      },
    };
  }

  #fail(message: string): void {
    this.#world.fail(message);
  }

  #trace(event: string): void {
    this.#world.trace.add(this.name, event);
  }
}
