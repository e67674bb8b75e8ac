import { socketGo } from "../../src/dialects/socket-go/index.ts";
import type { KindsDriver } from "../../src/testing/index.ts";
import { ConventionsKindsClient } from "./conventions-kinds-client.ts";
import { startKinds } from "./kinds-server.ts";

const kinds = ["public", "private", "presence", "state", "owner", "server-only", "publishing"] as const;

/** The socket.go dialect over WebSockets, as its conventions have it. Its clients know no whispers. */
export const socketGoKinds: KindsDriver = {
  name: "socket.go",
  kinds: new Set(kinds),
  start(options) {
    const chat = socketGo({ conventions: true });
    chat.on("sync", (socket) => socket.send("synced"));
    return startKinds(options, chat, ({ url }) => new SocketGoKindsClient(url).open());
  },
};

interface Shown {
  readonly room: string;
  readonly member: { readonly user: string };
  readonly members: readonly { readonly user: string }[];
}

class SocketGoKindsClient extends ConventionsKindsClient {
  #isJoined = false;

  constructor(url: string) {
    super(url, { event: "event", payload: "data", channel: "room" });
  }

  async leave(channel: string): Promise<void> {
    this.users.delete(channel);
    await this.ask("leave", channel);
  }

  protected async enter(channel: string): Promise<void> {
    this.#isJoined = false;
    await this.ask("join", channel);
    if (!this.#isJoined) throw new Error(this.refused);
  }

  protected learn(event: string, data: unknown): void {
    if (event === "error") this.refused = JSON.stringify(data);
    else if (event === "userJoined") this.#isJoined = true;
    else if (event.startsWith("presence:")) this.#learnOfRoom(event, data as Shown);
    else this.hearEvent(event, data);
  }

  #learnOfRoom(event: string, { room, member, members }: Shown): void {
    if (event === "presence:members") this.users.set(room, new Set(members.map(({ user }) => user)));
    else this.hearMove(event === "presence:join" ? "join" : "leave", room, member.user);
  }
}
