import { openPipe, type BridgeClient } from "./client.ts";

/** A client of go-ws. `url` is the server's, without a path. */
export async function goWsClient(url: string): Promise<BridgeClient> {
  const { ear, send, leave } = await openPipe(`${url.replace("http", "ws")}/ws`);
  // There are no answers; to this there is one, because it is not subscribed there.
  const settled = async (): Promise<readonly string[]> => {
    await send('{"action":"broadcast","channel":"elsewhere"}');
    const isAnswer = (frame: string): boolean => frame.startsWith('{"type":"error"') && frame.includes('"elsewhere"');
    return (await ear.upTo(isAnswer)).slice(0, -1);
  };
  return {
    name: "go-ws",
    ear,
    send,
    leave,
    async join(channel) {
      await send(JSON.stringify({ action: "subscribe", channel }));
      await settled();
    },
    settled,
    words(channel, { event, data }) {
      if (data instanceof Uint8Array) return undefined;
      return JSON.stringify({ action: "broadcast", channel, event, data });
    },
  };
}
