import { once } from "node:events";
import { WebSocket } from "ws";
import { createRegistry, JsonMessage } from "../../src/dialects/go-rtc-lib/index.ts";
import { createServer, type CarillonError, type Server } from "../../src/index.ts";
import type { Heard, KindsClient, KindsDriver } from "../../src/testing/index.ts";
import { inWordsOf } from "./kinds-server.ts";

const kinds = ["public", "private", "state", "owner", "server-only", "publishing"] as const;

/**
 * Go-rtc-lib over WebSockets, with a handler that lets clients join, leave and publish. Its messages name neither their group
 * nor an event, so what is said here says both. It knows no presence and no whispers.
 */
export const goRtcLibKinds: KindsDriver = {
  name: "go-rtc-lib",
  kinds: new Set(kinds),
  async start(options) {
    const registry = createRegistry({
      async handleMessage(connection, content) {
        const { act, group, message } = JSON.parse(String(content)) as Asked;
        try {
          if (act === "join") await registry.joinGroup(group, connection);
          else if (act === "leave") registry.removeFromGroup(group, connection);
          else await registry.broadcast(new JsonMessage({ from: connection.id, message }), group, { from: connection });
          return "done";
        } catch (error) {
          return (error as CarillonError).code;
        }
      },
    });
    const server: Server = createServer({
      ...options,
      authenticate({ url }) {
        const user = url.searchParams.get("user");
        return user === null ? {} : { userId: user };
      },
      endpoints: { "/rtc": registry },
    });
    const { port } = await server.listen({ host: "127.0.0.1" });
    const clients: RtcKindsClient[] = [];
    return {
      server: inWordsOf(server, {
        nameOf: (channel) => channel,
        dataOf: (channel, event, data): Said => ({ channel, event, data }),
      }),
      async connect(user) {
        const query = user === undefined ? "" : `?user=${user}`;
        const client = new RtcKindsClient(new WebSocket(`ws://127.0.0.1:${port}/rtc${query}`));
        await client.opened;
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

interface Said {
  readonly channel: string;
  readonly event: string;
  readonly data: unknown;
}

interface Asked {
  readonly act: "join" | "leave" | "publish";
  readonly group: string;
  readonly message?: Said;
}

class RtcKindsClient implements KindsClient {
  readonly opened: Promise<unknown>;
  readonly #socket: WebSocket;
  readonly #heard: Heard[] = [];
  readonly #answered: ((answer: string) => void)[] = [];

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.opened = once(socket, "open");
    socket.on("error", () => undefined);
    socket.on("message", (data) => this.#hear((data as Buffer).toString()));
  }

  join(group: string): Promise<void> {
    return this.#ask({ act: "join", group });
  }

  leave(group: string): Promise<void> {
    return this.#ask({ act: "leave", group });
  }

  publish(channel: string, event: string, data: unknown): Promise<void> {
    return this.#ask({ act: "publish", group: channel, message: { channel, event, data } });
  }

  heard(): readonly Heard[] {
    return this.#heard;
  }

  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    this.#socket.close();
    await once(this.#socket, "close");
  }

  drop(): void {
    this.#socket.terminate();
  }

  async #ask(asked: Asked): Promise<void> {
    const answer = new Promise<string>((resolve) => this.#answered.push(resolve));
    this.#socket.send(JSON.stringify(asked));
    const refusal = await answer;
    if (refusal !== "done") throw new Error(refusal);
  }

  #hear(text: string): void {
    if (!text.startsWith("{")) return this.#answered.shift()?.(text);
    const { message } = JSON.parse(text) as { readonly message: Said };
    this.#heard.push({ kind: "publication", ...message });
  }
}
