import { openPipe, type BridgeClient } from "./client.ts";

/** A client of ao-concepts/websockets. `url` is the server's, without a path. */
export async function aoWebsocketsClient(url: string): Promise<BridgeClient> {
  const { ear, send, leave } = await openPipe(`${url.replace("http", "ws")}/ao`);
  return {
    name: "ao-websockets",
    ear,
    send,
    leave,
    async join(channel) {
      await send(JSON.stringify({ e: "join", p: { channel } }));
      await ear.until((frame) => frame.startsWith('{"e":"channel:joined"'));
    },
    async settled() {
      await send('{"e":"leave","p":{"channel":"elsewhere"}}');
      return (await ear.upTo((frame) => frame.startsWith('{"e":"channel:left"'))).slice(0, -1);
    },
    words(channel, { event, data }) {
      if (typeof data !== "object" || data === null || Array.isArray(data) || data instanceof Uint8Array) return;
      return JSON.stringify({ e: event, p: { channel, ...data } });
    },
  };
}
