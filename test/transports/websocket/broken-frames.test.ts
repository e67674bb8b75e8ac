import { once } from "node:events";
import type { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { dialectNames, endpointsFor } from "../../../src/cli/dialects.ts";
import { createServer, native, type Server } from "../../../src/index.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close({ timeoutMs: 100 });
});

interface Ended {
  readonly code: number;
  readonly reason: string;
}

/** A server of all languages with one client in it. */
async function connected(path: string): Promise<{
  server: Server;
  client: WebSocket;
  ended: Promise<Ended>;
  /** Below the WebSocket. */
  write: (...bytes: number[]) => void;
}> {
  const all = endpointsFor({ dialects: dialectNames, maxMessageBytes: 65_536 });
  const server = createServer({ endpoints: { ...all, "/carillon": native({ resumeMs: 0 }) } });
  servers.push(server);
  const { url } = await server.listen({ host: "127.0.0.1" });
  const entered = new Promise((resolve) => void server.on("connect", resolve));
  const ended = new Promise<Ended>((resolve) => void server.on("disconnect", resolve));
  const client = new WebSocket(new URL(path, url.replace("http", "ws")));
  await once(client, "open");
  if (path === "/carillon") client.send('{"type":"connect"}');
  await entered;
  const { _socket: socket } = client as unknown as { readonly _socket: { write(bytes: Uint8Array): void } };
  return { server, client, ended, write: (...bytes) => socket.write(Buffer.from(bytes)) };
}

const faults: readonly (readonly [string, number, readonly number[]])[] = [
  ["a reserved bit", 1002, [0xc1, 0x80, 0, 0, 0, 0]],
  ["text that is not UTF-8", 1007, [0x81, 0x82, 0, 0, 0, 0, 0xc0, 0x80]],
  ["2^53 bytes announced", 1009, [0x82, 0xff, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
];

describe("a client", () => {
  const paths = ["/carillon", "/socket", "/ws", "/broadcast", "/ao", "/rtc"];
  test.each(paths.flatMap((path) => faults.map((fault) => [path, ...fault] as const)))(
    "that breaks the rules at %s, %s: the server hears the code %d that the client was told",
    async (path, _what, code, bytes) => {
      const { client, ended, write } = await connected(path);
      write(...bytes);
      const [told] = (await once(client, "close")) as [number];
      expect([told, await ended]).toEqual([code, expect.objectContaining({ code, reason: "" })]);
    },
  );

  test("that breaks the rules is answered what it asked before, and nothing after the close frame", async () => {
    const { server, client, ended, write } = await connected("/carillon");
    const { _socket: socket } = client as unknown as { readonly _socket: Socket };
    let bytes = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => (bytes = Buffer.concat([bytes, chunk])));
    server.on("x", ({ connection }) => {
      connection.send("first");
      setImmediate(() => connection.send("last"));
    });
    const said = Buffer.from('{"type":"send","event":"x"}');
    write(0x81, 0x80 | said.length, 0, 0, 0, 0, ...said, 0xc1, 0x80, 0, 0, 0, 0);
    await once(client, "close");
    await ended;
    const end = Buffer.concat([Buffer.from('"first"}'), Buffer.from([0x88, 2, 1002 >> 8, 1002 & 255])]);
    expect(bytes.subarray(-end.length)).toEqual(end);
  });

  test("that closes is heard with its code and reason", async () => {
    const { client, ended } = await connected("/socket");
    client.close(4000, "bye");
    expect(await ended).toMatchObject({ code: 4000, reason: "bye" });
  });

  test("whose socket is cut is 1006", async () => {
    const { client, ended } = await connected("/socket");
    client.terminate();
    expect(await ended).toMatchObject({ code: 1006, reason: "" });
  });
});
