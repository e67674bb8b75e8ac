import { openPipe, type BridgeClient } from "./client.ts";

/** A client of go-rtc-lib's demo of groups, which says bytes in the group that it is in. `url` is the server's, without a path. */
export async function goRtcLibClient(url: string): Promise<BridgeClient> {
  const { ear, send, leave } = await openPipe(`${url.replace("http", "ws")}/rtc`);
  // There are no answers; in a group of its own there is an echo.
  const settled = async (): Promise<readonly string[]> => {
    await send('{"action":"join","group":"elsewhere"}');
    await send('{"action":"message","group":"elsewhere","message":"so far"}');
    await send('{"action":"leave","group":"elsewhere"}');
    return (await ear.upTo((frame) => frame.endsWith('"message":"so far"}'))).slice(0, -1);
  };
  return {
    name: "go-rtc-lib",
    ear,
    send,
    leave,
    async join(channel) {
      await send(JSON.stringify({ action: "join", group: channel }));
      await settled();
    },
    settled,
    words(channel, { data }) {
      if (data instanceof Uint8Array) return data;
      return typeof data === "string"
        ? JSON.stringify({ action: "message", group: channel, message: data })
        : undefined;
    },
  };
}
