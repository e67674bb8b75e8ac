import { once } from "node:events";
import { WebSocket } from "ws";
import { aoWebsockets } from "../../src/dialects/ao-websockets/index.ts";
import { createServer, type Server } from "../../src/index.ts";
import type { Heard, KindsClient, KindsDriver } from "../../src/testing/index.ts";

const kinds = ["public", "private", "presence", "state", "owner", "server-only", "publishing"] as const;

/** The ao-concepts dialect over WebSockets, as its conventions have it. Its clients know no whispers. */
export const aoWebsocketsKinds: KindsDriver = {
  name: "ao-websockets",
  kinds: new Set(kinds),
  async start(options) {
    const ao = aoWebsockets({ conventions: true });
    ao.subscribe("sync", ({ connection }) => connection.sendMessage({ event: "synced" }));
    const server: Server = createServer({
      ...options,
      authenticate({ url }) {
        const user = url.searchParams.get("user");
        return user === null ? {} : { userId: user };
      },
      endpoints: { "/ao": ao },
    });
    const { port } = await server.listen({ host: "127.0.0.1" });
    const clients: AoKindsClient[] = [];
    return {
      server,
      async connect(user) {
        const query = user === undefined ? "" : `?user=${user}`;
        const client = new AoKindsClient(new WebSocket(`ws://127.0.0.1:${port}/ao${query}`));
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

/** What an event of the dialect's own says of a channel. */
interface Shown {
  readonly channel: string;
  readonly code: string;
  readonly member: { readonly user: string };
  readonly members?: readonly { readonly user: string }[];
}

class AoKindsClient implements KindsClient {
  readonly opened: Promise<unknown>;
  readonly #socket: WebSocket;
  readonly #heard: Heard[] = [];
  readonly #members = new Map<string, Set<string>>();
  readonly #synced: (() => void)[] = [];
  /** Messages name no channel: a fence's are those of the last fence, others those of the one channel besides. */
  #channel = "";
  #fence = "";
  #refused: string | undefined;
  #echoes = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.opened = once(socket, "open");
    socket.on("error", () => undefined);
    socket.on("message", (data) => {
      const { e, p } = JSON.parse((data as Buffer).toString()) as { e: string; p: unknown };
      this.#hear(e, p);
    });
  }

  async join(channel: string): Promise<void> {
    if (channel.startsWith("fence-")) this.#fence = channel;
    else this.#channel = channel;
    await this.#say("join", { channel });
    if (this.#refused !== undefined) throw new Error(this.#refused);
  }

  leave(channel: string): Promise<void> {
    return this.#say("leave", { channel });
  }

  /** What is published comes back to its publisher; to whoever is refused, or is not in the channel, it does not. */
  async publish(channel: string, event: string, data: unknown): Promise<void> {
    const echoes = this.#echoes;
    await this.#say(event, { channel, data });
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
  async #say(e: string, p: object): Promise<void> {
    this.#refused = undefined;
    const synced = new Promise<void>((resolve) => this.#synced.push(resolve));
    this.#socket.send(JSON.stringify({ e, p }));
    this.#socket.send('{"e":"sync"}');
    await synced;
  }

  #hear(event: string, payload: unknown): void {
    if (event === "synced") this.#synced.shift()?.();
    else if (/^(channel|presence):/.test(event)) this.#learn(event, payload as Shown);
    else {
      if (isObject(payload) && "channel" in payload) this.#echoes += 1;
      const channel = event === "fence" ? this.#fence : this.#channel;
      this.#heard.push({ kind: "publication", channel, event, data: meantBy(payload) });
    }
  }

  #learn(event: string, { channel, code, member, members }: Shown): void {
    if (event === "channel:refused") this.#refused = code;
    else if (event === "channel:left") this.#members.delete(channel);
    else if (event === "channel:joined") this.#members.set(channel, new Set(members?.map(({ user }) => user)));
    else {
      const isJoin = event === "presence:join";
      if (isJoin) this.#members.get(channel)?.add(member.user);
      else this.#members.get(channel)?.delete(member.user);
      this.#heard.push({ kind: isJoin ? "join" : "leave", channel, user: member.user });
    }
  }
}

/** What was published: the `data` of a client's, the `value` of what is no object, the object otherwise. */
function meantBy(payload: unknown): unknown {
  if (!isObject(payload)) return payload;
  if ("channel" in payload) return payload["data"];
  return "value" in payload ? payload["value"] : payload;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
