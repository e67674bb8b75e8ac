import { createClient, type Client } from "../../src/client/index.ts";
import type { Transport } from "../../src/client/transports/transport.ts";
import { native } from "../../src/dialects/native/dialect.ts";
import type { Heard, KindsClient, KindsDriver } from "../../src/testing/index.ts";
import { TcpProxy } from "../faults/proxy/tcp.ts";
import { startKinds } from "./kinds-server.ts";

const kinds = ["public", "private", "presence", "whispers", "state", "owner", "server-only", "publishing"] as const;

/** The native dialect over one of its transports, through a network that can be cut for each client. */
export function nativeKinds(name: string, transport: () => Transport): KindsDriver {
  return {
    name: `native over ${name}`,
    kinds: new Set(kinds),
    start(options) {
      const dialect = native({ linkIdleMs: 1_000, pollHoldMs: 400, heartbeatMs: 1_000 });
      return startKinds(options, dialect, ({ port, user }) => NativeKindsClient.connect(port, transport(), user));
    },
  };
}

class NativeKindsClient implements KindsClient {
  readonly #client: Client;
  readonly #proxy: TcpProxy;
  readonly #heard: Heard[] = [];
  readonly #known = new Set<string>();

  private constructor(client: Client, proxy: TcpProxy) {
    this.#client = client;
    this.#proxy = proxy;
  }

  static async connect(port: number, transport: Transport, user: string | undefined): Promise<NativeKindsClient> {
    const proxy = await TcpProxy.start({ port });
    const client = createClient(`http://127.0.0.1:${proxy.port}/kinds`, {
      transports: [transport],
      reconnect: { delayMs: 10, maxDelayMs: 50 },
      ...(user !== undefined && { token: user }),
    });
    await client.connect();
    return new NativeKindsClient(client, proxy);
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
    await this.#proxy.close();
  }

  drop(): Promise<void> {
    return this.#proxy.down();
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
