import { once } from "node:events";
import { WebSocket } from "ws";
import { orders, report } from "./parent.ts";

/** One client of any dialect: what it says is given as text, and what it hears is only looked at for numbers. */

export interface Connect {
  readonly kind: "connect";
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

class DialectClient {
  readonly #socket: WebSocket;
  readonly #order: Connect;
  readonly #ready = Promise.withResolvers<void>();
  #next = { up: 0, down: 0 };
  #fault: string | undefined;
  #sent = 0;
  #end = 0;
  #done: () => void = () => undefined;

  constructor(order: Connect) {
    this.#order = order;
    this.#socket = new WebSocket(order.url, { perMessageDeflate: false });
    this.#socket.on("message", (data: Buffer) => this.#hear(data.toString()));
    this.#socket.on("close", (code) => {
      this.#fault ??= `closed with ${code}`;
      this.#done();
    });
  }

  async connect(): Promise<void> {
    await once(this.#socket, "open");
    for (const greeting of this.#order.greetings) this.#socket.send(greeting);
    await this.#ready.promise;
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
      this.#socket.send(`${before}up ${this.#sent};${after}`);
      this.#sent += 1;
    }
  }

  #hear(frame: string): void {
    const [, way, number] = /(up|down) (\d+);/.exec(frame) ?? [];
    if (way === undefined) {
      if (frame.includes(this.#order.ready)) this.#ready.resolve();
      return;
    }
    const stream = way as "up" | "down";
    if (Number(number) !== this.#next[stream]) {
      this.#fault ??= `${frame}, and not number ${this.#next[stream]}`;
      this.#done();
      return;
    }
    this.#next[stream] += 1;
    if (stream === "up") return;
    if (this.#next.down === this.#end) this.#done();
    else this.#say();
  }
}

let client: DialectClient | undefined;
for await (const order of orders<Connect | Talk>()) {
  if (order.kind === "connect") {
    client = new DialectClient(order);
    await client.connect();
    report({});
  } else report((await client!.talk(order)) satisfies Heard);
}
