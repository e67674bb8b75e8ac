import { once } from "node:events";
import { WebSocket } from "ws";
import { LinkClient } from "../transports/http/link-client.ts";

/** What the native endpoint says, with the fields that rows look at. */
export interface Said {
  readonly type: string;
  readonly ref?: number;
  readonly code?: string;
  readonly message?: string;
  readonly data?: unknown;
}

/** A native client that says whatever it is told to say. */
export interface RawClient {
  /** Everything that came of a frame: what was said before the answer to a ping behind it, or how it was ended. */
  say(frame: string): Promise<readonly Said[] | { readonly closed: number }>;
  leave(): Promise<unknown>;
}

export type RawConnect = (url: string) => Promise<RawClient>;

/** Frames as WebSocket messages. */
export async function overWebSocket(url: string): Promise<RawClient> {
  const socket = new WebSocket(url.replace("http", "ws"));
  await once(socket, "open");
  const said: Said[] = [];
  let wake = (): void => undefined;
  let closed: number | undefined;
  socket.on("message", (data: Buffer) => {
    said.push(JSON.parse(data.toString()) as Said);
    wake();
  });
  socket.on("close", (code) => {
    closed = code;
    wake();
  });
  const answer = async (): Promise<readonly Said[] | { closed: number }> => {
    for (;;) {
      const at = said.findIndex(({ type }) => type === "pong");
      if (at >= 0) return said.splice(0, at + 1).slice(0, -1);
      if (closed !== undefined) return { closed };
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const client = {
    say: (frame: string) => {
      socket.send(frame);
      socket.send('{"type":"ping"}');
      return answer();
    },
    leave: async () => {
      if (socket.readyState === WebSocket.CLOSED) return;
      socket.close();
      await once(socket, "close");
    },
  };
  await client.say('{"type":"connect"}');
  return client;
}

/** Frames as bodies; what cannot be a body counts as closed, by its status. */
export async function overPosts(url: string): Promise<RawClient> {
  const link = await LinkClient.open(url, '{"type":"connect"}');
  let sent = 0;
  let received = 0;
  const answer = async (): Promise<readonly Said[] | { closed: number }> => {
    const said: Said[] = [];
    while (!said.some(({ type }) => type === "pong")) {
      const { status, body } = await link.poll(received);
      if (status === 410) return { closed: (JSON.parse(body) as { code: number }).code };
      const messages = JSON.parse(body) as readonly Said[];
      received += messages.length;
      said.push(...messages);
    }
    return said.slice(0, -1);
  };
  await link.poll(received);
  received += 1;
  return {
    say: async (frame) => {
      const { status } = await link.send(sent + 1, frame);
      if (status !== 204) return { closed: status };
      await link.send(sent + 2, '{"type":"ping"}');
      sent += 2;
      return answer();
    },
    leave: () => link.close(),
  };
}
