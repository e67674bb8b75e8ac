import { deepStrictEqual } from "node:assert/strict";
import type { ServerOptions } from "../server/options.ts";
import type { Server } from "../server/server.ts";
import type { ChannelKind, Heard, KindsClient, KindsDriver, KindsSetting } from "./channel-kinds-driver.ts";

/** Declares a case for a dialect that has all these; elsewhere there is none. */
export type DeclareKind = (
  name: string,
  needs: readonly ChannelKind[],
  channels: NonNullable<ServerOptions["channels"]>,
  body: (scene: Scene) => Promise<void>,
) => void;

/** So long a client that is gone is still seen. */
const graceMs = 50;

/** A server and its clients in one case, and the ways to wait for them. */
export class Scene {
  readonly #setting: KindsSetting;
  readonly #timeoutMs: number;
  #fences = 0;

  private constructor(setting: KindsSetting, timeoutMs: number) {
    this.#setting = setting;
    this.#timeoutMs = timeoutMs;
  }

  static async run(
    driver: KindsDriver,
    channels: NonNullable<ServerOptions["channels"]>,
    timeoutMs: number,
    body: (scene: Scene) => Promise<void>,
  ): Promise<void> {
    const setting = await driver.start({ channels, limits: { presenceGraceMs: graceMs } });
    try {
      await body(new Scene(setting, timeoutMs));
    } finally {
      await setting.stop();
    }
  }

  get server(): Server {
    return this.#setting.server;
  }

  /** A client of this user that is in these channels. */
  async client(user: string, ...channels: readonly string[]): Promise<KindsClient> {
    const client = await this.#setting.connect(user);
    for (const channel of channels) await client.join(channel);
    return client;
  }

  /** What a client has heard of a channel so far, all that was on its way included. */
  async heardOf(client: KindsClient, channel: string): Promise<readonly Heard[]> {
    await this.settle(client);
    return client.heard().filter((one) => one.channel === channel);
  }

  /** The payloads of an event that a client has heard in a channel so far. */
  async dataOf(client: KindsClient, channel: string, event: string): Promise<readonly unknown[]> {
    return (await this.heardOf(client, channel)).filter((one) => one.event === event).map(({ data }) => data);
  }

  /** The comings or goings that a client has heard of. */
  async movesOf(client: KindsClient, channel: string): Promise<readonly string[]> {
    const heard = await this.heardOf(client, channel);
    return heard.flatMap(({ kind, user }) =>
      kind === "join" || kind === "leave" ? [`${kind === "join" ? "+" : "-"}${user}`] : [],
    );
  }

  /** Waits until a client has heard everything that it was sent: what a channel of its own tells comes after that. */
  async settle(client: KindsClient): Promise<void> {
    this.#fences += 1;
    const channel = `fence-${this.#fences}`;
    await client.join(channel);
    await this.server.channel(channel).publish("fence", this.#fences);
    await this.until("the fence", () => client.heard().some((one) => one.channel === channel));
  }

  /** Waits until it is so. */
  async until(what: string, isSo: () => boolean): Promise<void> {
    const end = performance.now() + this.#timeoutMs;
    while (!isSo()) {
      if (performance.now() > end) throw new Error(`not within ${this.#timeoutMs} ms: ${what}`);
      await new Promise((resolve) => void setTimeout(resolve, 2));
    }
  }

  /** Waits until a client knows just these users to be in a channel. */
  async knows(client: KindsClient, channel: string, ...users: readonly string[]): Promise<void> {
    const sorted = (): readonly string[] => [...client.members!(channel)].toSorted();
    await this.until(`${users.join()} in ${channel}`, () => sorted().join() === users.toSorted().join()).catch(() =>
      deepStrictEqual(sorted(), users.toSorted()),
    );
  }
}
