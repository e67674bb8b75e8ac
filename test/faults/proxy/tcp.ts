import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { SeededRandom } from "../../load/programs/random.ts";
import { ProxyLog, type Direction } from "./log.ts";
import { Pipe } from "./tcp-pipe.ts";
import { ruleOf, type TcpRule } from "./tcp-rules.ts";

const host = "127.0.0.1";

interface Link {
  readonly number: number;
  readonly client: Socket;
  readonly server: Socket | undefined;
  readonly pipes: readonly Pipe[];
  /** For rules that concern only a share of the links: drawn once. */
  readonly lot: number;
  readonly timers: Set<NodeJS.Timeout>;
}

/**
 * A TCP proxy on a port of its own, whose rules may change at any time; those that are open already obey, too.
 *
 * @example
 * ```ts
 * const proxy = await TcpProxy.start({ port });
 * const remove = proxy.add({ kind: "latency", ms: 50, jitterMs: 30 });
 * ```
 */
export class TcpProxy {
  readonly log: ProxyLog = new ProxyLog();
  readonly #to: number;
  readonly #random: SeededRandom;
  readonly #links = new Set<Link>();
  readonly #rules = new Set<TcpRule>();
  #listener: Server | undefined;
  #port = 0;
  #count = 0;

  private constructor(to: number, seed: number) {
    this.#to = to;
    this.#random = new SeededRandom(seed);
  }

  /** @param to the server's port */
  static async start({ port, seed = 1 }: { readonly port: number; readonly seed?: number }): Promise<TcpProxy> {
    const proxy = new TcpProxy(port, seed);
    await proxy.up();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** How many links are open. */
  get links(): number {
    return this.#links.size;
  }

  /** @returns the function that takes the rule away again */
  add(rule: TcpRule): () => void {
    this.#rules.add(rule);
    this.log.add({ link: 0, what: "rule", detail: `+ ${JSON.stringify(rule)}` });
    for (const link of this.#links) this.#takeHold(link, rule);
    this.#apply();
    return () => {
      if (!this.#rules.delete(rule)) return;
      this.log.add({ link: 0, what: "rule", detail: `- ${JSON.stringify(rule)}` });
      this.#apply();
    };
  }

  /** Takes all rules away. */
  clear(): void {
    this.#rules.clear();
    this.log.add({ link: 0, what: "rule", detail: "none" });
    this.#apply();
  }

  /** Every open link gets an RST, on both sides. */
  reset(): void {
    for (const link of this.#links) this.#reset(link, "reset");
  }

  /** Ends every link, and refuses new ones until {@link up}. */
  async down(): Promise<void> {
    const listener = this.#listener;
    if (!listener) return;
    this.#listener = undefined;
    this.log.add({ link: 0, what: "down" });
    listener.close();
    this.reset();
    await once(listener, "close");
  }

  async up(): Promise<void> {
    if (this.#listener) return;
    const listener = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    this.#listener = listener;
    listener.listen(this.#port, host);
    await once(listener, "listening");
    this.#port = (listener.address() as AddressInfo).port;
    this.log.add({ link: 0, what: "up" });
  }

  async close(): Promise<void> {
    this.#rules.clear();
    await this.down();
  }

  #accept(client: Socket): void {
    const number = (this.#count += 1);
    const lot = this.#random.next();
    this.log.add({ link: number, what: "opened" });
    const hangs = ruleOf(this.#holdingFor(lot, "up"), "accept-and-hang") !== undefined;
    const server = hangs ? undefined : connect({ port: this.#to, host, allowHalfOpen: true });
    const pipes: Pipe[] = [];
    const link: Link = { number, client, server, pipes, lot, timers: new Set() };
    this.#links.add(link);
    if (server) {
      for (const [direction, source, sink] of [["up", client, server] as const, ["down", server, client] as const]) {
        pipes.push(
          new Pipe({
            source,
            sink,
            rules: () => this.#holdingFor(lot, direction),
            random: this.#random,
            limitReached: () => this.#end(link, "limit-data"),
          }),
        );
      }
    } else {
      this.log.add({ link: number, what: "accept-and-hang" });
      client.resume();
    }
    for (const [side, other] of [[client, server] as const, [server, client] as const]) {
      side?.on("error", ({ code }: NodeJS.ErrnoException) => {
        if (this.#isDeaf(link)) return;
        if (code === "ECONNRESET" || code === "ECONNREFUSED") other?.resetAndDestroy();
      });
      side?.on("close", () => {
        if (this.#isDeaf(link)) return;
        this.#forget(link);
        // What has been written to it still arrives.
        other?.destroySoon();
      });
    }
    for (const rule of this.#rules) this.#takeHold(link, rule);
    for (const pipe of pipes) pipe.apply();
  }

  /** Rules that do something by themselves, once. */
  #takeHold(link: Link, rule: TcpRule): void {
    if (!concerns(rule, link.lot)) return;
    if (rule.kind === "reset-peer") this.#after(link, rule.ms, () => this.#reset(link, "reset-peer"));
    if (rule.kind === "timeout") this.#after(link, rule.ms, () => this.#end(link, "timeout"));
    if (rule.kind === "half-close") this.log.add({ link: link.number, what: "half-close", ...directionOf(rule) });
  }

  #after(link: Link, ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      link.timers.delete(timer);
      run();
    }, ms);
    link.timers.add(timer);
  }

  #apply(): void {
    for (const link of this.#links) {
      for (const pipe of link.pipes) pipe.apply();
      if (link.pipes.some(({ hasLost }) => hasLost) && !this.#isDeaf(link)) this.#reset(link, "too late");
    }
  }

  #holdingFor(lot: number, direction: Direction): readonly TcpRule[] {
    if (this.#rules.size === 0) return none;
    return [...this.#rules].filter((rule) => concerns(rule, lot) && (rule.direction ?? direction) === direction);
  }

  /** Under a black hole the other side does not hear of an end either. */
  #isDeaf({ lot }: Link): boolean {
    const holding = [...this.#holdingFor(lot, "up"), ...this.#holdingFor(lot, "down")];
    return Boolean(ruleOf(holding, "blackhole") ?? ruleOf(holding, "timeout"));
  }

  #reset(link: Link, what: string): void {
    this.log.add({ link: link.number, what });
    this.#forget(link);
    link.client.resetAndDestroy();
    link.server?.resetAndDestroy();
  }

  #end(link: Link, what: string): void {
    this.log.add({ link: link.number, what });
    this.#forget(link);
    link.client.destroySoon();
    link.server?.destroySoon();
  }

  #forget(link: Link): void {
    if (!this.#links.delete(link)) return;
    for (const timer of link.timers) clearTimeout(timer);
    const [up, down] = link.pipes;
    this.log.add({ link: link.number, what: "ended", detail: `${up?.bytes ?? 0} up, ${down?.bytes ?? 0} down` });
  }
}

const none: readonly TcpRule[] = [];

function concerns({ share = 1 }: TcpRule, lot: number): boolean {
  return lot < share;
}

function directionOf({ direction }: TcpRule): { readonly direction?: Direction } {
  return direction ? { direction } : {};
}
