import { ask } from "../../transports/http/link-client.ts";
import { Ear, openPipe, type BridgeClient, type Pipe } from "./client.ts";

/** A client of socket.go. `url` is the server's, without a path. */
export async function socketGoOverWebSocket(url: string): Promise<BridgeClient> {
  return begin("socket.go, WebSocket", await openPipe(`${url.replace("http", "ws")}/socket`));
}

export async function socketGoOverPolling(url: string): Promise<BridgeClient> {
  const { body } = await ask(`${url}/socket/connect`, { method: "POST" });
  const { sessionId } = JSON.parse(body) as { readonly sessionId: string };
  const at = (action: string): string => `${url}/socket/${action}?sessionId=${sessionId}`;
  const ear = new Ear();
  const poll = async (): Promise<void> => {
    for (;;) {
      const polled = await ask(at("poll"));
      if (polled.status !== 200) return;
      ear.hear(...(JSON.parse(polled.body) as readonly unknown[]).map((message) => JSON.stringify(message)));
    }
  };
  // Its last poll may be cut off.
  void poll()
    .catch(() => undefined)
    .then(() => ear.end());
  const headers = { "Content-Type": "application/json" };
  return begin("socket.go, polling", {
    ear,
    async send(words) {
      const { status, body: answer } = await ask(at("send"), { method: "POST", headers, body: words });
      if (status !== 200) throw new Error(`${status} ${answer}`);
    },
    async leave() {
      await ask(at("disconnect"), { method: "POST" });
    },
  });
}

/** By the conventions of its demos: `join`, and then objects that say which room they are for. */
function begin(name: string, { ear, send, leave }: Pipe): BridgeClient {
  return {
    name,
    ear,
    send,
    leave,
    async join(channel) {
      await send(JSON.stringify({ event: "join", data: channel }));
      await ear.until((frame) => frame.startsWith('{"event":"userJoined"'));
    },
    async settled() {
      await send('{"event":"join","data":5}');
      return (await ear.upTo((frame) => frame === '{"event":"error","data":"Invalid room name"}')).slice(0, -1);
    },
    words(channel, { event, data }) {
      if (typeof data !== "object" || data === null || Array.isArray(data) || data instanceof Uint8Array) return;
      return JSON.stringify({ event, data: { room: channel, ...data } });
    },
  };
}
