import { once } from "node:events";
import { connect as connectTcp, createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { createClient, type Client } from "../../src/client/index.ts";
import type { Transport } from "../../src/client/transports/transport.ts";
import { native } from "../../src/dialects/native/dialect.ts";
import { createServer, type Server } from "../../src/index.ts";
import type { Heard, KindsClient, KindsDriver } from "../../src/testing/index.ts";

const kinds = ["public", "private", "presence", "whispers", "state", "owner", "server-only", "publishing"] as const;

/** The native dialect over one of its transports, through a network that can be cut for each client. */
export function nativeKinds(name: string, transport: () => Transport): KindsDriver {
  return {
    name: `native over ${name}`,
    kinds: new Set(kinds),
    async start(options) {
      const server: Server = createServer({
        ...options,
        authenticate: ({ token }) => (token === undefined ? {} : { userId: token }),
        endpoints: { "/carillon": native({ linkIdleMs: 1_000, pollHoldMs: 400, heartbeatMs: 1_000 }) },
      });
      const { port } = await server.listen({ host: "127.0.0.1" });
      const clients: NativeKindsClient[] = [];
      return {
        server,
        async connect(user) {
          const client = await NativeKindsClient.connect(port, transport(), user);
          clients.push(client);
          return client;
        },
        async stop() {
          for (const client of clients) await client.close();
          await server.close({ timeoutMs: 500 });
        },
      };
    },
  };
}

class NativeKindsClient implements KindsClient {
  readonly #client: Client;
  readonly #road: Road;
  readonly #heard: Heard[] = [];
  readonly #known = new Set<string>();

  private constructor(client: Client, road: Road) {
    this.#client = client;
    this.#road = road;
  }

  static async connect(port: number, transport: Transport, user: string | undefined): Promise<NativeKindsClient> {
    const road = await Road.to(port);
    const client = createClient(`http://127.0.0.1:${road.port}/carillon`, {
      transports: [transport],
      reconnect: { delayMs: 10, maxDelayMs: 50 },
      ...(user !== undefined && { token: user }),
    });
    await client.connect();
    return new NativeKindsClient(client, road);
  }

  join(channel: string): Promise<void> {
    this.#listen(channel);
    return this.#client.channel(channel).subscribe();
  }

  leave(channel: string): Promise<void> {
    return this.#client.channel(channel).unsubscribe();
  }

  publish(channel: string, event: string, data: unknown): Promise<unknown> {
    return this.#client.channel(channel).publish(event, data);
  }

  whisper(channel: string, event: string, data: unknown): void {
    this.#client.channel(channel).whisper(event, data);
  }

  members(channel: string): readonly string[] {
    return this.#client.channel(channel).presence.members.map(({ user }) => user);
  }

  heard(): readonly Heard[] {
    return this.#heard;
  }

  async close(): Promise<void> {
    await this.#client.close();
    this.#road.cut();
  }

  drop(): void {
    this.#road.cut();
  }

  #listen(channel: string): void {
    if (this.#known.has(channel)) return;
    this.#known.add(channel);
    const { on, onWhisper, presence } = this.#client.channel(channel);
    on("*", (data, { event, stateKey }) => {
      this.#heard.push({ kind: stateKey === undefined ? "publication" : "state", channel, event, data });
    });
    onWhisper("*", (data, { event }) => this.#heard.push({ kind: "whisper", channel, event, data }));
    presence.on("join", ({ user }) => this.#heard.push({ kind: "join", channel, user }));
    presence.on("leave", ({ user }) => this.#heard.push({ kind: "leave", channel, user }));
  }
}

/** One client's way to the server. Cut, it carries nothing more, and nobody gets onto it. */
class Road {
  readonly #sockets = new Set<Socket>();
  readonly #entrance;

  private constructor(port: number) {
    this.#entrance = createTcpServer((client) => {
      const there = connectTcp(port, "127.0.0.1");
      for (const [from, to] of [
        [client, there],
        [there, client],
      ] as const) {
        this.#sockets.add(from);
        from.pipe(to);
        from.on("error", () => to.destroy());
        from.on("close", () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
    });
  }

  static async to(port: number): Promise<Road> {
    const road = new Road(port);
    road.#entrance.listen(0, "127.0.0.1");
    await once(road.#entrance, "listening");
    return road;
  }

  get port(): number {
    return (this.#entrance.address() as AddressInfo).port;
  }

  cut(): void {
    this.#entrance.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
}
