import { onTestFinished } from "vitest";
import { aoWebsockets } from "../../src/dialects/ao-websockets/index.ts";
import { createRegistry, groups } from "../../src/dialects/go-rtc-lib/index.ts";
import { goWs } from "../../src/dialects/go-ws/index.ts";
import { rtbroadcaster } from "../../src/dialects/rtbroadcaster/index.ts";
import { socketGo } from "../../src/dialects/socket-go/index.ts";
import { createServer, native, type Server, type ServerOptions } from "../../src/index.ts";
import { aoWebsocketsClient } from "./clients/ao-websockets.ts";
import type { BridgeClient } from "./clients/client.ts";
import { goRtcLibClient } from "./clients/go-rtc-lib.ts";
import { goWsClient } from "./clients/go-ws.ts";
import { nativeOverEventStream, nativeOverLongPolling, nativeOverWebSocket } from "./clients/native.ts";
import { rtbroadcasterGuest, rtbroadcasterOwner } from "./clients/rtbroadcaster.ts";
import { socketGoOverPolling, socketGoOverWebSocket } from "./clients/socket-go.ts";

/** Everyone but those of rtbroadcaster. */
const others: readonly ((url: string) => Promise<BridgeClient>)[] = [
  nativeOverWebSocket,
  nativeOverEventStream,
  nativeOverLongPolling,
  socketGoOverWebSocket,
  socketGoOverPolling,
  goWsClient,
  aoWebsocketsClient,
  goRtcLibClient,
];

/** A room with a client of each dialect in it, over every transport that it has. */
export interface Setting {
  readonly server: Server;
  /** Of the server, without a path. */
  readonly url: string;
  /** The room of rtbroadcaster, which is the channel of all. */
  readonly room: string;
  readonly owner: BridgeClient;
  /** A guest of rtbroadcaster, the only one who cannot publish whatever the rule. */
  readonly guest: BridgeClient;
  /** All of them. */
  readonly clients: readonly BridgeClient[];
  /** Resolves with what each has been told since it was asked last, once everything that was published has come. */
  heard(): Promise<ReadonlyMap<BridgeClient, readonly string[]>>;
}

export async function settle(options: ServerOptions = {}): Promise<Setting> {
  const registry = createRegistry({
    // The demo of groups, and bytes for the group that their sender is in.
    handleMessage(from, content) {
      if (typeof content === "string") return groups(from, content, registry);
      return registry.broadcast(content, from.groups[0], { from });
    },
  });
  const server = createServer({
    ...options,
    endpoints: {
      "/carillon": native(),
      "/socket": socketGo({ conventions: true }),
      "/ws": goWs({ rateLimit: false }),
      "/broadcasting": rtbroadcaster(),
      "/ao": aoWebsockets({ conventions: true }),
      "/rtc": registry,
    },
    messageRate: { perSecond: Infinity },
  });
  const { port } = await server.listen({ host: "127.0.0.1" });
  const url = `http://127.0.0.1:${port}`;
  const owner = await rtbroadcasterOwner(url);
  const { room } = owner;
  const guest = await rtbroadcasterGuest(url);
  await guest.join(room);
  const clients: BridgeClient[] = [];
  for (const open of others) {
    const client = await open(url);
    await client.join(room);
    clients.push(client);
  }
  clients.push(owner, guest);
  onTestFinished(async () => {
    await Promise.all(clients.map((client) => client.leave()));
    await server.close({ timeoutMs: 500 });
  });
  let marks = 0;
  const heard = async (): Promise<ReadonlyMap<BridgeClient, readonly string[]>> => {
    const mark = `that was all ${(marks += 1)}`;
    await server.channel(room).publish("mark", [mark]);
    const lists = await Promise.all(clients.map(({ ear }) => ear.upTo((frame) => frame.includes(mark))));
    return new Map(clients.map((client, index) => [client, lists[index]!.slice(0, -1)]));
  };
  await heard();
  return { server, url, room, owner, guest, clients, heard };
}
