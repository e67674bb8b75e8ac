import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createServer, type Connection } from "../src/index.ts";
import { ManualClock } from "../src/testing/manual-clock.ts";

/**
 * A stranger's client: a bare WebSocket that knows nothing but the examples of PROTOCOL.md. They are spoken in the order of
 * the page; what the page says the server answers has to come.
 */

interface Example {
  readonly speaker: "client" | "server";
  readonly text: string;
}

const page = readFileSync(new URL("../PROTOCOL.md", import.meta.url), "utf8");
const examples = examplesOf("json");

const clock = new ManualClock();
const server = createServer({
  clock,
  channels: { scores: { history: { size: 100, ttlMs: 60_000 } }, board: { state: true } },
  authenticate: ({ token }) => {
    if (token === "t-123") return { userId: "ada", info: { name: "Ada" } };
    return token === "t-bob" ? { userId: "bob", info: { name: "Bob" } } : undefined;
  },
});
server.batch("tick", { everyMs: 1_000 });
let ada: Connection;
server.on("connect", ({ connection }) => {
  if (connection.userId === "ada") ada = connection;
});
server.on("add", ({ data, reply }) => {
  const { a, b } = data as { a: number; b: number };
  reply(a + b);
});

let url: string;
beforeAll(async () => {
  url = (await server.listen({ host: "127.0.0.1" })).url.replace("http", "ws") + "carillon";
});
afterAll(() => server.close());

/** What has to happen besides the examples for the server to say what the page shows, by a part of the example. */
function triggers(client: Stranger): ReadonlyMap<string, () => unknown> {
  let bob: Stranger;
  const answers: Promise<unknown>[] = [];
  return new Map<string, () => unknown>([
    ['"code":"not-subscribed"', () => client.send('{"type":"publish","ref":7,"channel":"elsewhere","event":"chat"}')],
    ['{"type":"request","ref":1,"event":"where"', () => answers.push(ada.request("where", null))],
    [
      '{"type":"batch"',
      async () => {
        await ada.subscribe("prices");
        void server.channel("prices").publish("tick", { p: 1 });
        void server.channel("prices").publish("tick", { p: 2 });
        clock.advance(1_000);
      },
    ],
    ['"members":[', () => client.send('{"type":"subscribe","ref":5,"channel":"presence-lobby"}')],
    [
      '{"type":"join"',
      async () => {
        bob = await Stranger.open(url);
        bob.send('{"type":"connect","token":"t-bob"}');
        bob.send('{"type":"subscribe","ref":1,"channel":"presence-lobby"}');
      },
    ],
    [
      '{"type":"whisper"',
      () => bob.send('{"type":"whisper","channel":"presence-lobby","event":"typing","data":{"on":false}}'),
    ],
    ['{"type":"leave"', () => bob.close()],
    ['{"type":"heartbeat"', () => clock.advance(10_000)],
  ]);
}

describe("the examples of PROTOCOL.md", () => {
  test("there are examples to try", () => {
    expect(examples.length).toBeGreaterThanOrEqual(24);
  });

  test("a stranger speaks them over a bare WebSocket, and the server answers as the page says", async () => {
    const client = await Stranger.open(url, "carillon.v1.json");
    const beforehand = triggers(client);
    let empty = "";
    for (const { speaker, text } of examples) {
      if (speaker === "client") {
        client.send(text.replace("${empty}", empty));
        continue;
      }
      for (const [part, trigger] of beforehand) if (text.includes(part)) await trigger();
      const heard = JSON.parse(await client.hears(text)) as { readonly position?: string };
      empty ||= heard.position ?? "";
    }
    client.close();
  });

  test("its MessagePack bytes are spoken as they stand", async () => {
    const [ping, pong] = examplesOf("hex");
    const client = await Stranger.open(url, "carillon.v1.msgpack");
    // {"type":"connect","token":"t-123"}, by hand
    client.send(Buffer.from(`82${text("type")}${text("connect")}${text("token")}${text("t-123")}`, "hex"));
    client.send(Buffer.from(ping!.text, "hex"));
    await client.hears(pong!.text);
    client.close();
  });
});

function text(value: string): string {
  return (0xa0 | value.length).toString(16) + Buffer.from(value).toString("hex");
}

function examplesOf(format: "json" | "hex"): readonly Example[] {
  const fences = page.matchAll(/^```(\w+) (client|server)\n([\s\S]*?)\n```$/gm);
  return Array.from(fences)
    .filter(([, found]) => found === format)
    .map(([, , speaker, body]) => ({ speaker: speaker as Example["speaker"], text: body! }));
}

/** A client made of nothing but the platform's WebSocket. */
class Stranger {
  readonly #socket: WebSocket;
  #heard: string[] = [];
  #wake: () => void = () => undefined;

  static open(address: string, subprotocol?: string): Promise<Stranger> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(address, subprotocol === undefined ? [] : [subprotocol]);
      socket.binaryType = "arraybuffer";
      const stranger = new Stranger(socket);
      socket.addEventListener("open", () => {
        expect(socket.protocol).toBe(subprotocol ?? "");
        resolve(stranger);
      });
      socket.addEventListener("error", reject);
    });
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
      this.#heard.push(typeof data === "string" ? data : Buffer.from(data).toString("hex"));
      this.#wake();
    });
  }

  send(frame: string | Buffer<ArrayBuffer>): void {
    this.#socket.send(frame);
  }

  close(): void {
    this.#socket.close(1000);
  }

  /** Waits for a message that equals the example in everything but ids, times and positions, and forgets all before it. */
  async hears(example: string): Promise<string> {
    for (;;) {
      const at = this.#heard.findIndex((message) => anonymous(message) === anonymous(example));
      if (at >= 0) {
        const found = this.#heard[at]!;
        this.#heard = this.#heard.slice(at + 1);
        return found;
      }
      await new Promise<void>((resolve, reject) => {
        const silence = `the page says:\n  ${example}\nbut the server said only:\n  ${this.#heard.join("\n  ")}`;
        const timer = setTimeout(() => reject(new Error(silence)), 3_000);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

function anonymous(message: string): string {
  return message
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "<uuid>")
    .replace(/"time":\d+/g, '"time":0')
    .replace(/"(position|top|to)":"[^"]*"/g, '"$1":"<position>"');
}
