import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** What came of a handshake. */
export interface Handshaken {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** Only after 101. */
  readonly socket: Socket | undefined;
}

/** A WebSocket handshake by hand, so that it may be wrong. `Sec-WebSocket-Key` and its like may be replaced or left out. */
export function handshake(
  url: string,
  { method = "GET", headers = {} }: { method?: string; headers?: Record<string, string | string[] | undefined> } = {},
): Promise<Handshaken> {
  const { hostname, port, pathname, search } = new URL(url);
  const all = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  };
  const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path: pathname + search, method, headers: sent as Record<string, string> });
    asked.on("upgrade", ({ statusCode, headers: answered }, socket: Socket) => {
      resolve({ status: statusCode!, headers: answered, body: "", socket });
    });
    asked.on("response", async (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      await once(response, "end");
      resolve({
        status: response.statusCode!,
        headers: response.headers,
        body: Buffer.concat(chunks).toString(),
        socket: undefined,
      });
    });
    asked.on("error", reject);
    asked.end();
  });
}
