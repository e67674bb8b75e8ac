import { goWs } from "../../src/dialects/go-ws/index.ts";
import type { KindsDriver } from "../../src/testing/index.ts";
import { startKinds } from "./kinds-server.ts";
import { WebSocketKindsClient } from "./websocket-kinds-client.ts";

const kinds = ["public", "private", "presence", "whispers", "state", "owner", "server-only", "publishing"] as const;

/** The go-ws dialect over WebSockets. Whispers are the dialect's own option, so middleware asks the rules about them. */
export const goWsKinds: KindsDriver = {
  name: "go-ws",
  kinds: new Set(kinds),
  start(options) {
    const hub = goWs({
      rateLimit: false,
      enableWhispers: true,
      whisperMiddleware: ({ channel }) => options.channels?.[channel]?.whispers === true,
    });
    return startKinds(options, hub, ({ url }) => new GoWsKindsClient(url).open());
  },
};

interface Said {
  readonly type: "message" | "whisper" | "presence" | "error";
  readonly channel: string;
  readonly event: string;
  readonly data: unknown;
  readonly error: string;
  readonly users: readonly { readonly user_id: string }[];
}

class GoWsKindsClient extends WebSocketKindsClient {
  readonly #members = new Map<string, readonly string[]>();
  /** The channel of what it does now, and what the server has against it. */
  #doing = "";
  #refused: string | undefined;
  #probes = 0;
  readonly #answered = new Map<string, (refused: string | undefined) => void>();

  join(channel: string): Promise<void> {
    return this.#do({ action: "subscribe", channel });
  }

  leave(channel: string): Promise<void> {
    this.#members.delete(channel);
    return this.#do({ action: "unsubscribe", channel });
  }

  publish(channel: string, event: string, data: unknown): Promise<void> {
    return this.#do({ action: "broadcast", channel, event, data });
  }

  whisper(channel: string, event: string, data: unknown): void {
    this.say({ action: "whisper", channel, event, data });
  }

  members(channel: string): readonly string[] {
    return this.#members.get(channel) ?? [];
  }

  protected told(text: string): void {
    const { type, channel, event, data, error, users } = JSON.parse(text) as Said;
    const answered = this.#answered.get(channel);
    if (answered) {
      this.#answered.delete(channel);
      answered(this.#refused);
    } else if (type === "error") this.#refused = channel === this.#doing ? error : this.#refused;
    else if (type === "message") this.hear({ kind: "publication", channel, event, data });
    else if (type === "whisper") this.hear({ kind: "whisper", channel, event, data: withoutEvent(data) });
    else this.#learn(channel, [...new Set(users.map(({ user_id }) => user_id))]);
  }

  /** Most of what is fine has no answer; to broadcast where it is not has one, which comes behind. */
  async #do(message: {
    readonly action: string;
    readonly channel: string;
    readonly [field: string]: unknown;
  }): Promise<void> {
    this.#probes += 1;
    const probe = `probe-${this.#probes}`;
    this.#doing = message.channel;
    this.#refused = undefined;
    this.say(message);
    this.say({ action: "broadcast", channel: probe });
    const refused = await new Promise<string | undefined>((resolve) => void this.#answered.set(probe, resolve));
    if (refused !== undefined) throw new Error(refused);
  }

  /** Notices are of connections; of users it is who is on the list and was not before. The first list is no move. */
  #learn(channel: string, users: readonly string[]): void {
    const known = this.#members.get(channel);
    this.#members.set(channel, users);
    if (!known) return;
    for (const user of users) if (!known.includes(user)) this.hear({ kind: "join", channel, user });
    for (const user of known) if (!users.includes(user)) this.hear({ kind: "leave", channel, user });
  }
}

/** The dialect puts it into the data. */
function withoutEvent(data: unknown): unknown {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return data;
  return Object.fromEntries(Object.entries(data).filter(([key]) => key !== "event"));
}
