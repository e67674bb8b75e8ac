import { WebSocket } from "ws";
import { longPolling, sse, type Link, type Transport } from "../../../src/client/index.ts";
import { socketGoPolling, socketGoWebSocket } from "../../../src/client/socket-go/index.ts";
import { createJsonCodec } from "../../../src/protocol/codec.ts";
import { orders, report } from "./parent.ts";

/** One client of any dialect: what it says is given as text, and what it hears is only looked at for numbers. */

export type Way = "WebSocket" | "SSE" | "long-polling" | "polling";

export interface Connect {
  readonly kind: "connect";
  readonly over: Way;
  readonly url: string;
  /** What it says first. */
  readonly greetings: readonly string[];
  /** A part of the frame that tells that it is in. */
  readonly ready: string;
  /** What stands around the text of its messages. */
  readonly words: readonly [before: string, after: string];
}

export interface Talk {
  readonly kind: "talk";
  readonly from: number;
  readonly to: number;
}

/** What it heard of its own messages, and of the server's. */
export interface Heard {
  readonly up: number;
  readonly down: number;
  /** The first frame that was not the next one. */
  readonly fault: string | undefined;
}

/** So many of its messages may wait for the server's answer. */
const window = 64;

const transports: Readonly<Record<Way, () => Transport>> = {
  // Without a subprotocol, which no dialect but the native one knows.
  WebSocket: () => socketGoWebSocket({ WebSocket: WebSocket as unknown as typeof globalThis.WebSocket }),
  SSE: sse,
  "long-polling": longPolling,
  polling: () => socketGoPolling({ intervalMs: 1 }),
};

function open({ over, url }: Connect): Promise<Link> {
  return transports[over]().connect({ url, codec: createJsonCodec(), signal: new AbortController().signal });
}

/** The native wire joins messages to a list. */
function messagesIn(frame: string): readonly string[] {
  if (!frame.startsWith("[")) return [frame];
  return (JSON.parse(frame) as readonly unknown[]).map((message) => JSON.stringify(message));
}

class DialectClient {
  readonly #link: Link;
  readonly #order: Connect;
  readonly #ready = Promise.withResolvers<void>();
  #next = { up: 0, down: 0 };
  #fault: string | undefined;
  #sent = 0;
  #end = 0;
  #done: () => void = () => undefined;

  private constructor(order: Connect, link: Link) {
    this.#order = order;
    this.#link = link;
    link.receive({
      frame: (frame) => messagesIn(String(frame)).forEach((message) => this.#hear(message)),
      closed: (code) => {
        this.#fault ??= `closed with ${code}`;
        this.#done();
      },
    });
  }

  static async connect(order: Connect): Promise<DialectClient> {
    const client = new DialectClient(order, await open(order));
    for (const greeting of order.greetings) client.#link.send([greeting]);
    await client.#ready.promise;
    return client;
  }

  /** Resolves when it has heard the last answer, or something was wrong. */
  async talk({ from, to }: Talk): Promise<Heard> {
    this.#next = { up: from, down: from };
    this.#sent = from;
    this.#end = to;
    await new Promise<void>((resolve) => {
      this.#done = resolve;
      this.#say();
    });
    return { up: this.#next.up - from, down: this.#next.down - from, fault: this.#fault };
  }

  #say(): void {
    const [before, after] = this.#order.words;
    while (this.#sent < this.#end && this.#sent - this.#next.down < window) {
      this.#link.send([`${before}up ${this.#sent};${after}`]);
      this.#sent += 1;
    }
  }

  #hear(message: string): void {
    const [, way, number] = /(up|down) (\d+);/.exec(message) ?? [];
    if (way === undefined) {
      if (message.includes(this.#order.ready)) this.#ready.resolve();
      return;
    }
    const stream = way as "up" | "down";
    if (Number(number) !== this.#next[stream]) {
      this.#fault ??= `${message}, and not number ${this.#next[stream]}`;
      this.#done();
      return;
    }
    this.#next[stream] += 1;
    if (stream === "up") return;
    if (this.#next.down === this.#end) this.#done();
    // Not one by one: each would be a request of its own where there is no socket.
    else if (this.#sent - this.#next.down <= window / 2) this.#say();
  }
}

let client: DialectClient | undefined;
for await (const order of orders<Connect | Talk>()) {
  if (order.kind === "connect") {
    client = await DialectClient.connect(order);
    report({});
  } else report((await client!.talk(order)) satisfies Heard);
}
