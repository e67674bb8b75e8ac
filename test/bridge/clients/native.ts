import { LinkClient } from "../../transports/http/link-client.ts";
import { Ear, openPipe, type BridgeClient, type Pipe } from "./client.ts";

/** A native client. `url` is the server's, without a path. */
export async function nativeOverWebSocket(url: string): Promise<BridgeClient> {
  return begin("native, WebSocket", await openPipe(`${url.replace("http", "ws")}/carillon`, "carillon.v1.json"));
}

export async function nativeOverEventStream(url: string): Promise<BridgeClient> {
  const { link, pipe } = await openLink(url);
  const stream = await link.stream();
  void (async () => {
    for (let event = await stream.next(); event; event = await stream.next()) pipe.ear.hear(...framesIn(event.data));
    pipe.ear.end();
  })();
  return begin("native, event stream", pipe);
}

export async function nativeOverLongPolling(url: string): Promise<BridgeClient> {
  const { link, pipe } = await openLink(url);
  const poll = async (): Promise<void> => {
    for (let after = 0; ;) {
      const { status, body } = await link.poll(after);
      if (status !== 200 && status !== 204) return;
      const frames = status === 200 ? framesIn(body) : [];
      after += frames.length;
      pipe.ear.hear(...frames);
    }
  };
  // Its last poll may be cut off.
  void poll()
    .catch(() => undefined)
    .then(() => pipe.ear.end());
  return begin("native, long-polling", pipe);
}

async function openLink(url: string): Promise<{ readonly link: LinkClient; readonly pipe: Pipe }> {
  const link = await LinkClient.open(`${url}/carillon`);
  let sent = 0;
  const pipe: Pipe = {
    ear: new Ear(),
    async send(words) {
      const { status, body } = await link.send((sent += 1), words);
      if (status !== 204) throw new Error(`${status} ${body}`);
    },
    async leave() {
      await link.close();
    },
  };
  return { link, pipe };
}

/** One frame may hold several messages, in a list. */
function framesIn(body: string): readonly string[] {
  const value = JSON.parse(body) as unknown;
  return Array.isArray(value) ? value.map((message) => JSON.stringify(message)) : [body];
}

async function begin(name: string, { ear, send, leave }: Pipe): Promise<BridgeClient> {
  await send('{"type":"connect"}');
  await ear.until((frame) => frame.startsWith('{"type":"connected"'));
  return {
    name,
    ear,
    send,
    leave,
    async join(channel) {
      await send(JSON.stringify({ type: "subscribe", ref: 1, channel }));
      await ear.until((frame) => frame.startsWith('{"type":"subscribed"'));
    },
    async settled() {
      await send('{"type":"ping"}');
      return (await ear.upTo((frame) => frame === '{"type":"pong"}')).slice(0, -1);
    },
    words(channel, { event, data }) {
      const said = { type: "publish", channel, event };
      if (data instanceof Uint8Array) return JSON.stringify({ ...said, bytes: Buffer.from(data).toString("base64") });
      return JSON.stringify({ ...said, data });
    },
  };
}
