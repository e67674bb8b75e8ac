import { once } from "node:events";
import { inflateRawSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createServer, native, type Server } from "../../../src/index.ts";
import { deflating } from "../../../src/transports/websocket/deflate.ts";
import { frame } from "../../../src/transports/websocket/framing.ts";
import { handshake } from "../../server/raw-client.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close({ timeoutMs: 100 });
});

async function serve(compressFromBytes: number): Promise<{ server: Server; url: string }> {
  const server = createServer({ endpoints: { "/carillon": native({ compressFromBytes }) } });
  servers.push(server);
  const { url } = await server.listen({ host: "127.0.0.1" });
  return { server, url: `${url}carillon` };
}

async function agreedOn(url: string, offer: string | undefined): Promise<string | undefined> {
  const { headers, socket } = await handshake(url, { headers: { "Sec-WebSocket-Extensions": offer } });
  socket?.destroy();
  return headers["sec-websocket-extensions"];
}

describe("deflating", () => {
  const text = "carillon ".repeat(20);

  test("a message from the threshold on is one compressed frame that stands for itself", () => {
    const bytes = Buffer.from(deflating(text.length)([[text]]));
    expect(bytes[0]).toBe(0xc1);
    expect(bytes.length).toBe(2 + bytes[1]!);
    // The tail that was left out. @see RFC 7692, section 7.2.2
    const whole = Buffer.concat([bytes.subarray(2), Buffer.from([0, 0, 0xff, 0xff])]);
    expect(inflateRawSync(whole, { finishFlush: 2 }).toString()).toBe(text);
  });

  test("a shorter one, and one that would grow, go as they are", () => {
    expect(Buffer.from(deflating(text.length + 1)([[text]]))).toEqual(frame([[text]]));
    const noise = Uint8Array.from({ length: 64 }, (_, index) => (index * 167 + 13) % 256);
    expect(Buffer.from(deflating(1)([[noise]]))).toEqual(frame([[noise]]));
  });

  test("a packet is compressed once, however often it is asked for", () => {
    const framing = deflating(1);
    const packet = [text];
    expect(framing([packet])).toBe(framing([packet]));
  });

  test("several packets stand back to back", () => {
    const framing = deflating(100);
    const both = [[text], ["short"]];
    expect(Buffer.from(framing(both))).toEqual(Buffer.concat(both.map((packet) => framing([packet]))));
  });
});

describe("compression", () => {
  test("is not negotiated by default", async () => {
    const { url } = await serve(0);
    expect(await agreedOn(url, "permessage-deflate")).toBeUndefined();
  });

  test("is agreed on without context takeover in either direction", async () => {
    const { url } = await serve(1);
    expect(await agreedOn(url, undefined)).toBeUndefined();
    const agreed = await agreedOn(url, "permessage-deflate; client_max_window_bits");
    expect(agreed).toContain("server_no_context_takeover");
    expect(agreed).toContain("client_no_context_takeover");
  });

  test("clients with and without it hear the same, whichever way they speak", async () => {
    const { server, url } = await serve(1);
    const heard: string[] = [];
    server.on("said", ({ data }) => heard.push(data as string));
    const clients = await Promise.all(
      [true, false].map(async (perMessageDeflate) => {
        const socket = new WebSocket(url.replace("http", "ws"), { perMessageDeflate });
        await once(socket, "open");
        expect(socket.extensions.includes("permessage-deflate")).toBe(perMessageDeflate);
        socket.send('{"type":"connect"}');
        await once(socket, "message");
        return socket;
      }),
    );
    const text = "the same for everyone ".repeat(500);
    for (const socket of clients) socket.send(JSON.stringify({ type: "send", event: "said", data: text }));
    const received = Promise.all(clients.map((socket) => once(socket, "message") as Promise<[Buffer]>));
    await server.broadcast("news", text);
    for (const [data] of await received)
      expect(JSON.parse(data.toString())).toMatchObject({ event: "news", data: text });
    for (const socket of clients) {
      socket.send('{"type":"ping"}');
      await once(socket, "message");
      socket.close();
    }
    expect(heard).toEqual([text, text]);
  });

  test("Z01: a message that inflates beyond the limit closes with 1009", async () => {
    const { url } = await serve(1);
    const socket = new WebSocket(url.replace("http", "ws"), { perMessageDeflate: { threshold: 0 } });
    await once(socket, "open");
    socket.send("0".repeat(64 * 1024 * 1024));
    const [code] = (await once(socket, "close")) as [number];
    expect(code).toBe(1009);
  });
});
