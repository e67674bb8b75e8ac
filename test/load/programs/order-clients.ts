import { orders, report } from "./parent.ts";
import { SeededRandom } from "./random.ts";
import { connectAll, type SmallClient, type Told } from "./small-client.ts";
import { told } from "./told.ts";

/** What the clients do in the test of order: they join, leave, publish and ask, at random. */

export interface OrderClients {
  readonly port: number;
  readonly seed: number;
  readonly clients: number;
  readonly channels: number;
  /** When they have heard so much, they fall silent. */
  readonly deliveries: number;
}

export interface OrderReport {
  /** For every client, everything it was told, as `told` numbers it. */
  readonly lists: readonly Int32Array[];
}

/** What a client publishes; the server puts a number on it. */
export interface Tick {
  readonly client: number;
  readonly channel: number;
  readonly ref: number;
  readonly echo: boolean;
}

/** So many actions are under way at any time. */
const window = 256;

class OrderCrowd {
  readonly #order: OrderClients;
  readonly #random: SeededRandom;
  readonly #lists: number[][];
  readonly #channels: Set<number>[];
  readonly #asked = new Map<string, () => void>();
  #clients: readonly SmallClient[] = [];
  #lastRef = 0;
  #heard = 0;
  #ended = 0;
  #whenEnded: () => void = () => undefined;

  constructor(order: OrderClients) {
    this.#order = order;
    this.#random = new SeededRandom(order.seed);
    this.#lists = Array.from({ length: order.clients }, () => []);
    this.#channels = this.#lists.map(() => new Set(this.#random.distinct(5 + this.#random.below(11), order.channels)));
  }

  async connect(): Promise<void> {
    this.#clients = await connectAll(
      this.#lists.map((_, client) => ({
        port: this.#order.port,
        format: this.#random.next() < 0.5 ? "json" : "msgpack",
        token: String(client),
        hear: (message) => this.#hear(client, message),
        closed(code) {
          throw new Error(`client ${client} was closed with ${code}`);
        },
      })),
    );
  }

  async act(): Promise<void> {
    await Promise.all(
      this.#channels.flatMap((channels, client) => [...channels].map((channel) => this.#join(client, channel))),
    );
    const actor = async (): Promise<void> => {
      while (this.#heard < this.#order.deliveries) await this.#act(this.#random.below(this.#order.clients));
    };
    await Promise.all(Array.from({ length: window }, actor));
  }

  /** Resolves when all clients have heard that it is over, and with it all that was before. */
  async end(): Promise<readonly Int32Array[]> {
    await new Promise<void>((resolve) => {
      this.#whenEnded = resolve;
      if (this.#ended === this.#clients.length) resolve();
    });
    return this.#lists.map((list) => Int32Array.from(list));
  }

  async #act(client: number): Promise<void> {
    const random = this.#random;
    const mine = this.#channels[client]!;
    const chance = random.next();
    if (chance < 0.74) return this.#publish(client, [...mine][random.below(mine.size)]!);
    if (chance < 0.9) return this.#ask(client, "tell", { to: random.below(this.#order.clients) });
    if (chance < 0.94) {
      return this.#ask(client, "union", { channels: random.distinct(3, this.#order.channels) });
    }
    if (chance < 0.942) return this.#ask(client, "everyone", {});
    const left = [...mine][random.below(mine.size)]!;
    const joined = random.below(this.#order.channels);
    if (mine.has(joined)) return;
    mine.delete(left);
    mine.add(joined);
    await Promise.all([this.#ask(client, "leave", { channel: left }), this.#join(client, joined)]);
  }

  #publish(client: number, channel: number): Promise<void> {
    const echo = this.#random.next() < 0.8;
    const ref = (this.#lastRef += 1);
    const data: Tick = { client, channel, ref, echo };
    return this.#say(client, { type: "publish", ref, channel: `c${channel}`, event: "tick", data, echo });
  }

  #join(client: number, channel: number): Promise<void> {
    return this.#say(client, { type: "subscribe", ref: (this.#lastRef += 1), channel: `c${channel}` });
  }

  #ask(client: number, event: string, data: object): Promise<void> {
    return this.#say(client, { type: "request", ref: (this.#lastRef += 1), event, data });
  }

  #say(client: number, message: { readonly ref: number; readonly [field: string]: unknown }): Promise<void> {
    return new Promise((resolve) => {
      this.#asked.set(`${client} ${message.ref}`, resolve);
      this.#clients[client]!.say(message);
    });
  }

  #hear(client: number, message: Told): void {
    const list = this.#lists[client]!;
    const { type, ref, channel } = message;
    switch (type) {
      case "publication":
      case "send":
      case "response": {
        if (message.event === "over") {
          this.#ended += 1;
          if (this.#ended === this.#clients.length) this.#whenEnded();
          return;
        }
        const { number, channels } = message.data as { number: number; channels?: readonly string[] };
        if (type === "publication" && !channels?.includes(channel!)) {
          throw new Error(`number ${number} came through ${channel}, and was published in ${channels?.join(", ")}`);
        }
        this.#heard += 1;
        list.push(told.delivery(number));
        break;
      }
      case "subscribed":
        list.push(told.subscribed(Number(channel!.slice(1))));
        break;
      case "unsubscribed":
        list.push(told.unsubscribed(Number(channel!.slice(1))));
        break;
      case "published":
        list.push(told.published(ref!));
        break;
      case "heartbeat":
        return;
      default:
        throw new Error(`client ${client} was told ${JSON.stringify(message)}`);
    }
    if (ref !== undefined) this.#answered(client, ref);
  }

  #answered(client: number, ref: number): void {
    const key = `${client} ${ref}`;
    const answered = this.#asked.get(key);
    if (!answered) throw new Error(`client ${client} was answered ${ref} twice, or did not ask`);
    this.#asked.delete(key);
    answered();
  }
}

for await (const order of orders<OrderClients>()) {
  const crowd = new OrderCrowd(order);
  await crowd.connect();
  await crowd.act();
  report({});
  report({ lists: await crowd.end() } satisfies OrderReport);
}
