import { once } from "node:events";
import { onTestFinished } from "vitest";
import { WebSocket, type ClientOptions } from "ws";
import {
  createRegistry,
  type HandleMessage,
  type Registry,
  type RegistryOptions,
  type RtcConnection,
} from "../../../src/dialects/go-rtc-lib/index.ts";
import { createServer, type CarillonError, type Server, type ServerOptions } from "../../../src/index.ts";
import { FrameClient } from "../frame-client.ts";

/** A browser's WebSocket, as the original's pages use it. */
export class RtcClient extends FrameClient {
  static async connect(url: string, options: ClientOptions = {}): Promise<RtcClient> {
    const client = new RtcClient(new WebSocket(url, { perMessageDeflate: false, ...options }));
    await once(client.socket, "open");
    return client;
  }

  get closed(): Promise<number> {
    return this.ending.then(({ code }) => code);
  }

  /** What came and was not asked for yet. */
  get unread(): readonly string[] {
    return this.heard;
  }

  /** The next so many messages. */
  next(count = 1): Promise<readonly string[]> {
    return this.taken(count);
  }
}

export interface Setting {
  readonly registry: Registry;
  readonly server: Server;
  /** Of the registry's own path. */
  readonly url: string;
  /** What the application was told had failed. */
  readonly failures: CarillonError[];
  /** A client, and the registry's side of it. */
  client(options?: ClientOptions & { readonly path?: string }): Promise<readonly [RtcClient, RtcConnection]>;
  /** Everything that a client was told: what it is sent now comes last. */
  settled(client: readonly [RtcClient, RtcConnection]): Promise<readonly string[]>;
}

/** A server with a registry on `/ws`. */
export async function serve(
  options: RegistryOptions | HandleMessage = {},
  more: ServerOptions | ((registry: Registry) => ServerOptions) = {},
): Promise<Setting> {
  const registry = createRegistry(typeof options === "function" ? { handleMessage: options } : options);
  const others = typeof more === "function" ? more(registry) : more;
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const server: Server = createServer({
    logger,
    admission: { handshakesPerSecond: Infinity },
    ...others,
    endpoints: { "/ws": registry, ...others.endpoints },
  });
  const failures: CarillonError[] = [];
  server.on("error", ({ error }) => failures.push(error));
  const { port } = await server.listen({ host: "127.0.0.1" });
  onTestFinished(() => server.close({ timeoutMs: 100 }));
  const host = `ws://127.0.0.1:${port}`;
  return {
    registry,
    server,
    url: `${host}/ws`,
    failures,
    async client({ path = "/ws", ...clientOptions } = {}) {
      // Whoever is new in the registry is this one: clients are made one after another.
      const before = new Set(registry.connections);
      const client = await RtcClient.connect(`${host}${path}`, clientOptions);
      await until(() => registry.count > before.size);
      return [client, registry.connections.find((one) => !before.has(one))!];
    },
    async settled([client, connection]) {
      const mark = `mark ${(marks += 1)}`;
      connection.send(mark);
      await until(() => client.unread.includes(mark));
      return (await client.next(client.unread.length)).slice(0, -1);
    },
  };
}

let marks = 0;

/** Resolves when it holds; the test's own deadline is the limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}
