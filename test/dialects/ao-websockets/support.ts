import { once } from "node:events";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import {
  aoWebsockets,
  type AoContainer,
  type AoWebsockets,
  type AoWebsocketsOptions,
} from "../../../src/dialects/ao-websockets/index.ts";
import type { LiveConnection } from "../../../src/engine/connection.ts";
import type { Wire } from "../../../src/engine/ports/wire.ts";
import { createServer, type Failure, type Server, type ServerOptions } from "../../../src/index.ts";
import { FrameClient } from "../frame-client.ts";

/** A client of the original. */
export class AoClient extends FrameClient {
  #marks = 0;

  static async connect(url: string, options = {}): Promise<AoClient> {
    const client = new AoClient(new WebSocket(url, options));
    await once(client.socket, "open");
    return client;
  }

  /** How it was closed. */
  get closed(): Promise<{ readonly code: number; readonly reason: string }> {
    return this.ending;
  }

  say(...messages: readonly (string | Uint8Array)[]): void {
    this.send(...messages);
  }

  async next(): Promise<string> {
    return (await this.take(1))[0]!;
  }

  take(count: number): Promise<readonly string[]> {
    return this.taken(count);
  }

  /** Everything that it was told and has not taken; what it said before has been heard then. */
  settled(): Promise<readonly string[]> {
    const n = (this.#marks += 1);
    this.say(`{"e":"mark","p":{"n":${n}}}`);
    return this.before(`{"e":"marked","p":{"n":${n}}}\n`);
  }

  /** What it was told until it was closed. */
  async untilClosed(): Promise<readonly string[]> {
    return (await this.ended())[1];
  }
}

export interface Served {
  readonly ao: AoWebsockets;
  readonly server: Server;
  /** Of the endpoint, `ws:`. */
  readonly url: string;
  readonly failures: Failure[];
  connect(options?: object): Promise<AoClient>;
  /** Clients one after another. */
  clients(count: number): Promise<readonly AoClient[]>;
}

/** A server with the dialect at `/ao`, which answers `mark` so that clients can wait. */
export async function serve(
  options: AoWebsocketsOptions | AoContainer = {},
  serverOptions: ServerOptions = {},
): Promise<Served> {
  const ao = aoWebsockets(options);
  ao.subscribe("mark", ({ payload, connection }) => connection.sendMessageUnbatched({ event: "marked", payload }));
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const server = createServer({
    logger: quiet,
    ...serverOptions,
    endpoints: { "/ao": ao, ...serverOptions.endpoints },
  });
  const failures: Failure[] = [];
  server.on("error", (failure) => failures.push(failure));
  const { port } = await server.listen({ host: "127.0.0.1" });
  const sockets: WebSocket[] = [];
  onTestFinished(async () => {
    for (const socket of sockets) socket.terminate();
    await server.close({ timeoutMs: 500 });
  });
  const url = `ws://127.0.0.1:${port}/ao`;
  const connect = async (socketOptions = {}): Promise<AoClient> => {
    const before = ao.countConnections();
    const client = await AoClient.connect(url, socketOptions);
    sockets.push(client.socket);
    await until(() => ao.countConnections() > before);
    return client;
  };
  return {
    ao,
    server,
    url,
    failures,
    connect,
    async clients(count) {
      const all: AoClient[] = [];
      for (let n = 0; n < count; n += 1) all.push(await connect());
      return all;
    },
  };
}

/** The one client's wire. */
export function wireOf(server: Server): Wire {
  return (server.connections[0] as unknown as LiveConnection).wire;
}

/** Turn by turn; the test's own deadline ends what never comes. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
