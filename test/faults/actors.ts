import type { Channel, Client } from "../../src/client/index.ts";
import { CarillonError, type ErrorCode } from "../../src/index.ts";
import { placeOf, type Place, type PublisherEntry, type SubscriberEntry } from "./logs.ts";
import { payload } from "./payload.ts";

export const event = "tick";

/** The time that logs are written in, in ms: one for all of a run. */
export type Now = () => number;

export const realNow: Now = () => performance.now();

/** What a publisher is told when it is not known whether the server took it. */
const unknown: ReadonlySet<ErrorCode> = new Set(["timeout", "connection-closed", "closed", "internal"]);

/** One client that publishes, and writes down what becomes of it. */
export class Publisher {
  readonly log: PublisherEntry[] = [];
  readonly #number: number;
  readonly #client: Client;
  readonly #now: Now;
  #seq = 0;
  #waiting = 0;

  constructor(number: number, client: Client, now: Now = realNow) {
    this.#number = number;
    this.#client = client;
    this.#now = now;
  }

  /** How many have no answer yet. */
  get waiting(): number {
    return this.#waiting;
  }

  publish(channel: string, pad?: string): void {
    const seq = (this.#seq += 1);
    this.log.push({ kind: "attempt", at: this.#now(), seq, channel });
    this.#waiting += 1;
    this.#client
      .channel(channel)
      .publish(event, payload(this.#number, seq, channel, pad))
      .then(
        ({ id, position }) => this.log.push({ kind: "acked", at: this.#now(), seq, id, ...(position && { position }) }),
        (error: unknown) => {
          if (!(error instanceof CarillonError)) throw error;
          if (!unknown.has(error.code)) this.log.push({ kind: "refused", at: this.#now(), seq, code: error.code });
        },
      )
      .finally(() => {
        this.#waiting -= 1;
      });
  }
}

/** One client that listens to channels, and writes down what it is told. */
export class Subscriber {
  readonly log: SubscriberEntry[] = [];
  readonly #channels: readonly Channel[];
  readonly #now: Now;
  /** How far it has come, by channel. */
  readonly #reached = new Map<string, Place>();

  constructor(client: Client, channels: readonly string[], now: Now = realNow) {
    this.#now = now;
    this.#channels = channels.map((name) => client.channel(name));
    client.on("gap", ({ channel, from, to, reason }) => {
      this.log.push({ kind: "gap", at: this.#now(), channel, reason, ...(from && { from }), ...(to && { to }) });
      if (to) this.#reached.set(channel, placeOf(to));
    });
    for (const subscribed of this.#channels) {
      const { name: channel } = subscribed;
      subscribed.on(event, (data, { id, position }) => {
        this.log.push({
          kind: "delivered",
          at: this.#now(),
          channel,
          data,
          ...(id && { id }),
          ...(position && { position }),
        });
        if (position) this.#reached.set(channel, placeOf(position));
      });
    }
  }

  async join(): Promise<void> {
    await Promise.all(
      this.#channels.map(async (channel) => {
        await channel.subscribe();
        const { name, position } = channel;
        this.log.push({ kind: "subscribed", at: this.#now(), channel: name, ...(position && { position }) });
      }),
    );
  }

  /** It has heard, or has been told that it missed, everything up to these places. */
  isAt(tops: ReadonlyMap<string, Place>): boolean {
    return this.#channels.every(({ name }) => {
      const top = tops.get(name);
      const reached = this.#reached.get(name);
      return !top || (reached?.epoch === top.epoch && reached.offset >= top.offset);
    });
  }
}

/** The last place in every channel that a publisher has been told. */
export function topsOf(logs: readonly (readonly PublisherEntry[])[]): ReadonlyMap<string, Place> {
  const tops = new Map<string, Place>();
  for (const log of logs) {
    const channels = new Map<number, string>();
    for (const entry of log) {
      if (entry.kind === "attempt") channels.set(entry.seq, entry.channel);
      if (entry.kind !== "acked" || entry.position === undefined) continue;
      const place = placeOf(entry.position);
      const channel = channels.get(entry.seq)!;
      if ((tops.get(channel)?.offset ?? 0) < place.offset) tops.set(channel, place);
    }
  }
  return tops;
}
