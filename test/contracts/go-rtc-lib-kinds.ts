import { createRegistry, JsonMessage } from "../../src/dialects/go-rtc-lib/index.ts";
import type { CarillonError } from "../../src/index.ts";
import type { KindsDriver } from "../../src/testing/index.ts";
import { inWordsOf, startKinds } from "./kinds-server.ts";
import { WebSocketKindsClient } from "./websocket-kinds-client.ts";

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
    const setting = await startKinds(options, registry, ({ url }) => new RtcKindsClient(url).open());
    const dataOf = (channel: string, event: string, data: unknown): Said => ({ channel, event, data });
    return { ...setting, server: inWordsOf(setting.server, { nameOf: (channel) => channel, dataOf }) };
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

class RtcKindsClient extends WebSocketKindsClient {
  readonly #answered: ((answer: string) => void)[] = [];

  join(group: string): Promise<void> {
    return this.#ask({ act: "join", group });
  }

  leave(group: string): Promise<void> {
    return this.#ask({ act: "leave", group });
  }

  publish(channel: string, event: string, data: unknown): Promise<void> {
    return this.#ask({ act: "publish", group: channel, message: { channel, event, data } });
  }

  protected told(text: string): void {
    if (!text.startsWith("{")) return this.#answered.shift()?.(text);
    const { message } = JSON.parse(text) as { readonly message: Said };
    this.hear({ kind: "publication", ...message });
  }

  async #ask(asked: Asked): Promise<void> {
    const answer = new Promise<string>((resolve) => this.#answered.push(resolve));
    this.say(asked);
    const refusal = await answer;
    if (refusal !== "done") throw new Error(refusal);
  }
}
