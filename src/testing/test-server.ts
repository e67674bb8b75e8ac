import type { Client } from "../client/client.ts";
import { createClient } from "../client/create-client.ts";
import type { ClientOptions } from "../client/options.ts";
import type { ServerOptions } from "../server/options.ts";
import { createServer, type Server } from "../server/server.ts";
import { inProcess } from "./in-process.ts";

/** A server with clients of its own, all in this process and without a port. */
export interface TestServer<Events extends object, Data extends object> {
  readonly server: Server<Events, Data>;
  /**
   * Makes a client of this server.
   *
   * @param options as for `createClient`; `path` chooses another endpoint than `/carillon`, with its query
   */
  client(options?: Omit<ClientOptions, "transports"> & { readonly path?: string }): Client<Events>;
  /** Closes the clients, then the server. */
  close(): Promise<void>;
}

/**
 * Starts a server for a test.
 *
 * Everything is the real thing except for the wire, so what passes here passes over a WebSocket.
 *
 * @example
 * ```ts
 * const { server, client, close } = createTestServer({ channels: { lobby: { presence: true } } });
 * const ada = client();
 * await ada.channel("lobby").subscribe();
 * await close();
 * ```
 */
export function createTestServer<
  Events extends object = Record<string, unknown>,
  Data extends object = Record<string, unknown>,
>(options: ServerOptions<Events, Data> = {}): TestServer<Events, Data> {
  return testServerOf(createServer<Events, Data>(options));
}

/** Clients for a server that you have made yourself. */
export function testServerOf<Events extends object, Data extends object>(
  server: Server<Events, Data>,
): TestServer<Events, Data> {
  const clients: Client<Events>[] = [];
  return {
    server,
    client({ path = "/carillon", ...options } = {}) {
      const transports = [inProcess(server)];
      const client = createClient<Events>(`ws://localhost${path}`, { ...options, transports });
      clients.push(client);
      return client;
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await server.close();
    },
  };
}
