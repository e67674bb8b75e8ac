import { openPipe, type BridgeClient } from "./client.ts";

interface Said {
  readonly uuid: string;
  readonly status: { readonly value: number };
  readonly funcKey: string;
  readonly funcParams: readonly string[];
}

/** A client of rtbroadcaster that has made a room. `url` is the server's, without a path. */
export async function rtbroadcasterOwner(url: string): Promise<BridgeClient & { readonly room: string }> {
  const owner = await begin("rtbroadcaster, owner", url);
  await owner.send(text("", { value: 1, text: "new connection" }));
  const { uuid } = JSON.parse(await owner.ear.until(isConnected)) as Said;
  return {
    ...owner,
    room: uuid,
    words(_, { event, data }) {
      if (data !== undefined && !(Array.isArray(data) && data.every((item) => typeof item === "string"))) return;
      return actionText(uuid, event, data);
    },
  };
}

/** One that has nothing to say: the dialect ignores what guests say, whatever the channel's rule. */
export async function rtbroadcasterGuest(url: string): Promise<BridgeClient> {
  return { ...(await begin("rtbroadcaster, guest", url)), words: () => undefined };
}

export function actionText(room: string, funcKey: string, funcParams: readonly string[] = []): string {
  return text(room, { value: 3, text: "connected" }, funcKey, funcParams);
}

async function begin(name: string, url: string): Promise<Omit<BridgeClient, "words">> {
  const { ear, send, leave } = await openPipe(`${url.replace("http", "ws")}/broadcasting`);
  return {
    name,
    ear,
    send,
    leave,
    async join(channel) {
      await send(text(channel, { value: 2, text: "join connection" }));
      await ear.until(isConnected);
    },
    async settled() {
      // There is no such room.
      await send(text("nowhere", { value: 2, text: "join connection" }));
      return (await ear.upTo((frame) => frame.startsWith('{"uuid":"nowhere"'))).slice(0, -1);
    },
  };
}

function isConnected(frame: string): boolean {
  const { status, funcKey } = JSON.parse(frame) as Said;
  return status.value === 3 && funcKey === "";
}

function text(uuid: string, status: object, funcKey = "", funcParams: readonly string[] = []): string {
  return JSON.stringify({ uuid, status, funcKey, funcParams, stateMessage: false });
}
