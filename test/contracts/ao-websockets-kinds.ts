import { aoWebsockets } from "../../src/dialects/ao-websockets/index.ts";
import type { KindsDriver } from "../../src/testing/index.ts";
import { ConventionsKindsClient, isObject } from "./conventions-kinds-client.ts";
import { startKinds } from "./kinds-server.ts";

const kinds = ["public", "private", "presence", "state", "owner", "server-only", "publishing"] as const;

/** The ao-concepts dialect over WebSockets, as its conventions have it. Its clients know no whispers. */
export const aoWebsocketsKinds: KindsDriver = {
  name: "ao-websockets",
  kinds: new Set(kinds),
  start(options) {
    const ao = aoWebsockets({ conventions: true });
    ao.subscribe("sync", ({ connection }) => connection.sendMessage({ event: "synced" }));
    return startKinds(options, ao, ({ url }) => new AoKindsClient(url).open());
  },
};

/** What an event of the dialect's own says of a channel. */
interface Shown {
  readonly channel: string;
  readonly code: string;
  readonly member: { readonly user: string };
  readonly members?: readonly { readonly user: string }[];
}

class AoKindsClient extends ConventionsKindsClient {
  constructor(url: string) {
    super(url, { event: "e", payload: "p", channel: "channel" });
  }

  leave(channel: string): Promise<void> {
    return this.ask("leave", { channel });
  }

  protected async enter(channel: string): Promise<void> {
    await this.ask("join", { channel });
    if (this.refused !== undefined) throw new Error(this.refused);
  }

  protected learn(event: string, payload: unknown): void {
    if (/^(channel|presence):/.test(event)) this.#learnOfChannel(event, payload as Shown);
    // What is no object is wrapped into one.
    else this.hearEvent(event, payload, isObject(payload) && "value" in payload ? payload["value"] : payload);
  }

  #learnOfChannel(event: string, { channel, code, member, members }: Shown): void {
    if (event === "channel:refused") this.refused = code;
    else if (event === "channel:left") this.users.delete(channel);
    else if (event === "channel:joined") this.users.set(channel, new Set(members?.map(({ user }) => user)));
    else this.hearMove(event === "presence:join" ? "join" : "leave", channel, member.user);
  }
}
