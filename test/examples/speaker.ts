import { once } from "node:events";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";

/** A page's own socket: says JSON, and hears JSON. */
export class Speaker {
  readonly socket: WebSocket;
  readonly #heard: unknown[] = [];
  readonly #woken: (() => void)[] = [];
  #isClosed = false;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => {
      this.#heard.push(JSON.parse(data.toString()));
      this.#wake();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  /** `url` is a page's, and the socket's path. */
  static async open(url: string): Promise<Speaker> {
    const socket = new WebSocket(url.replace("http", "ws"), { origin: new URL(url).origin });
    const speaker = new Speaker(socket);
    onTestFinished(() => socket.terminate());
    await once(socket, "open");
    return speaker;
  }

  say(message: unknown): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The next thing that it hears. */
  async hears(): Promise<unknown> {
    while (this.#heard.length === 0) {
      if (this.#isClosed) throw new Error("closed");
      await new Promise<void>((resolve) => this.#woken.push(resolve));
    }
    return this.#heard.shift();
  }

  async closed(): Promise<void> {
    while (!this.#isClosed) await new Promise<void>((resolve) => this.#woken.push(resolve));
  }

  #wake(): void {
    for (const wake of this.#woken.splice(0)) wake();
  }
}
