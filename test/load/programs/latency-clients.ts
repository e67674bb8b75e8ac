import { now, timeOf } from "./now.ts";
import { orders, report } from "./parent.ts";
import { connectAll, SmallClient, type Told } from "./small-client.ts";

/** Many clients that measure how old what they are told is, and an odd one that may stop reading. */

export type LatencyClients =
  | { readonly kind: "connect"; readonly port: number; readonly clients: number }
  /** The odd one comes; slow: it reads nothing after it has subscribed. */
  | { readonly kind: "begin"; readonly slow: boolean }
  /** Answered when all but the odd one have heard that the run is over; the odd one is gone then. */
  | { readonly kind: "end" };

export interface Begun {
  /** Where the odd one's socket ends, as the server sees it. */
  readonly port: number;
}

export interface Latencies {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
}

class LatencyCrowd {
  readonly #port: number;
  readonly #subscribed = new Map<string, () => void>();
  #latencies: number[] = [];
  #ended = 0;
  #whenEnded: () => void = () => undefined;
  #clients = 0;
  #odd: SmallClient | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  async connect(clients: number): Promise<void> {
    this.#clients = clients;
    const tokens = Array.from({ length: clients }, (_, client) => String(client));
    const connected = await connectAll(
      tokens.map((token) => ({
        port: this.#port,
        format: "msgpack",
        token,
        hear: (message) => this.#hear(token, message),
        closed(code) {
          throw new Error(`client ${token} was closed with ${code}`);
        },
      })),
    );
    await Promise.all(connected.map((client, index) => this.#subscribe(client, tokens[index]!)));
  }

  async begin(slow: boolean): Promise<Begun> {
    this.#latencies = [];
    this.#ended = 0;
    const odd = await SmallClient.connect({
      port: this.#port,
      format: "msgpack",
      token: "odd",
      hear: ({ type }) => {
        if (type === "subscribed") this.#subscribed.get("odd")?.();
      },
      closed: () => undefined,
    });
    await this.#subscribe(odd, "odd");
    if (slow) odd.socket.pause();
    this.#odd = odd;
    return { port: odd.socket.localPort! };
  }

  async end(): Promise<Latencies> {
    await new Promise<void>((resolve) => {
      this.#whenEnded = resolve;
      if (this.#ended === this.#clients) resolve();
    });
    await this.#odd?.destroy();
    const sorted = Float64Array.from(this.#latencies).toSorted();
    const quantile = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
    return { count: sorted.length, p50: quantile(0.5), p99: quantile(0.99) };
  }

  async #subscribe(client: SmallClient, token: string): Promise<void> {
    const subscribed = new Promise<void>((resolve) => this.#subscribed.set(token, resolve));
    client.say({ type: "subscribe", ref: 1, channel: "ticks" });
    await subscribed;
  }

  #hear(token: string, { type, event, data }: Told): void {
    if (type === "subscribed") this.#subscribed.get(token)?.();
    else if (event === "tick") this.#latencies.push(now() - timeOf(data as Uint8Array));
    else if (event === "over") {
      this.#ended += 1;
      if (this.#ended === this.#clients) this.#whenEnded();
    }
  }
}

let crowd: LatencyCrowd | undefined;
for await (const order of orders<LatencyClients>()) {
  switch (order.kind) {
    case "connect":
      crowd = new LatencyCrowd(order.port);
      await crowd.connect(order.clients);
      report({});
      break;
    case "begin":
      report(await crowd!.begin(order.slow));
      break;
    case "end":
      report(await crowd!.end());
      break;
  }
}
