import { createServer, type Dialect, type Server, type ServerOptions } from "../../src/index.ts";
import type { KindsClient, KindsSetting } from "../../src/testing/index.ts";

/** Where a client of a case connects, and as whom. */
export interface KindsAddress {
  readonly port: number;
  /** For a WebSocket, with the user in its query. */
  readonly url: string;
  readonly user: string | undefined;
}

/** A setting whose clients are more to their driver than to the contract. */
export interface KindsSettingOf<Client extends KindsClient> extends KindsSetting {
  connect(user?: string): Promise<Client>;
}

/** Starts a server with the dialect at `/kinds`. Users are what their clients give as token. */
export async function startKinds<Client extends KindsClient>(
  options: ServerOptions,
  dialect: Dialect,
  connect: (address: KindsAddress) => Promise<Client>,
): Promise<KindsSettingOf<Client>> {
  const server: Server = createServer({
    ...options,
    authenticate({ token, url }) {
      const user = token ?? url.searchParams.get("token");
      return user === null ? {} : { userId: user };
    },
    endpoints: { "/kinds": dialect },
  });
  const { port } = await server.listen({ host: "127.0.0.1" });
  const clients: Client[] = [];
  return {
    server,
    async connect(user) {
      const query = user === undefined ? "" : `?token=${user}`;
      const client = await connect({ port, url: `ws://127.0.0.1:${port}/kinds${query}`, user });
      clients.push(client);
      return client;
    },
    async stop() {
      for (const client of clients) await client.close();
      await server.close({ timeoutMs: 500 });
    },
  };
}

/** How the channels of a case are those of a dialect. */
export interface ChannelWords {
  /** What the channel is called in the server. */
  readonly nameOf: (channel: string) => string;
  /** What is published instead, so that clients can tell what it is. */
  readonly dataOf?: (channel: string, event: string, data: unknown) => unknown;
}

/** A server whose channels go by other words. */
export function inWordsOf(server: Server, { nameOf, dataOf = (_, __, data) => data }: ChannelWords): Server {
  const channel = (name: string): object => {
    const real = server.channel(nameOf(name));
    const publish: typeof real.publish = (event, data, options) =>
      // A value without data is gone, in all words.
      real.publish(event, data === undefined ? data : dataOf(name, event, data), options);
    return Object.create(real, { publish: { value: publish } }) as object;
  };
  return Object.create(server, { channel: { value: channel } }) as Server;
}
