import { once } from "node:events";
import { WebSocket } from "ws";
import { socketGo } from "../../src/dialects/socket-go/index.ts";
import { createServer, type Server } from "../../src/index.ts";
import type { Heard, KindsClient, KindsDriver } from "../../src/testing/index.ts";

const kinds = ["public", "private", "presence", "state", "owner", "server-only", "publishing"] as const;

/** The socket.go dialect over WebSockets, as its conventions have it. Its clients know no whispers. */
export const socketGoKinds: KindsDriver = {
  name: "socket.go",
  kinds: new Set(kinds),
  async start(options) {
    const chat = socketGo({ conventions: true });
    chat.on("sync", (socket) => socket.send("synced"));
    const server: Server = createServer({
      ...options,
      authenticate({ url }) {
        const user = url.searchParams.get("user");
        return user === null ? {} : { userId: user };
      },
      endpoints: { "/socket": chat },
    });
    const { port } = await server.listen({ host: "127.0.0.1" });
    const clients: SocketGoKindsClient[] = [];
    return {
      server,
      async connect(user) {
        const query = user === undefined ? "" : `?user=${user}`;
        const client = new SocketGoKindsClient(new WebSocket(`ws://127.0.0.1:${port}/socket${query}`));
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

interface Shown {
  readonly room: string;
  readonly member: { readonly user: string };
  readonly members: readonly { readonly user: string }[];
}

class SocketGoKindsClient implements KindsClient {
  readonly opened: Promise<unknown>;
  readonly #socket: WebSocket;
  readonly #heard: Heard[] = [];
  readonly #members = new Map<string, Set<string>>();
  readonly #synced: (() => void)[] = [];
  /** Messages name no room: a fence's are those of the last fence, others those of the one room besides. */
  #room = "";
  #fence = "";
  #isJoined = false;
  #refused: string | undefined;
  #echoes = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.opened = once(socket, "open");
    socket.on("error", () => undefined);
    socket.on("message", (data) => {
      const { event, data: said } = JSON.parse((data as Buffer).toString()) as { event: string; data: unknown };
      this.#hear(event, said);
    });
  }

  async join(channel: string): Promise<void> {
    if (channel.startsWith("fence-")) this.#fence = channel;
    else this.#room = channel;
    this.#isJoined = false;
    await this.#say("join", channel);
    if (!this.#isJoined) throw new Error(this.#refused);
  }

  async leave(channel: string): Promise<void> {
    this.#members.delete(channel);
    await this.#say("leave", channel);
  }

  /** What is published comes back to its publisher; to whoever is refused it does not. */
  async publish(channel: string, event: string, data: unknown): Promise<void> {
    const echoes = this.#echoes;
    await this.#say(event, { room: channel, data });
    if (this.#echoes === echoes) throw new Error(this.#refused ?? "it was not published");
  }

  members(channel: string): readonly string[] {
    return [...(this.#members.get(channel) ?? [])];
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

  /** Resolves when the server has done it, and what it says to it has come. */
  async #say(event: string, data: unknown): Promise<void> {
    this.#refused = undefined;
    const synced = new Promise<void>((resolve) => this.#synced.push(resolve));
    this.#socket.send(JSON.stringify({ event, data }));
    this.#socket.send('{"event":"sync"}');
    await synced;
  }

  #hear(event: string, data: unknown): void {
    if (event === "synced") this.#synced.shift()?.();
    else if (event === "error") this.#refused = JSON.stringify(data);
    else if (event === "userJoined") this.#isJoined = true;
    else if (event.startsWith("presence:")) this.#learn(event, data as Shown);
    else {
      const isWrapped = typeof data === "object" && data !== null && "room" in data && "data" in data;
      if (isWrapped) this.#echoes += 1;
      const channel = event === "fence" ? this.#fence : this.#room;
      this.#heard.push({ kind: "publication", channel, event, data: isWrapped ? data.data : data });
    }
  }

  #learn(event: string, { room, member, members }: Shown): void {
    if (event === "presence:members") {
      this.#members.set(room, new Set(members.map(({ user }) => user)));
      return;
    }
    const { user } = member;
    if (event === "presence:join") this.#members.get(room)?.add(user);
    else this.#members.get(room)?.delete(user);
    this.#heard.push({ kind: event === "presence:join" ? "join" : "leave", channel: room, user });
  }
}
