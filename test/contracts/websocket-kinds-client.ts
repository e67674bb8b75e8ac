import { once } from "node:events";
import { WebSocket } from "ws";
import type { Heard, KindsClient } from "../../src/testing/index.ts";

/** A client over a WebSocket of its own. What it says there, and what it is told, is in the words of its dialect. */
export abstract class WebSocketKindsClient implements KindsClient {
  protected readonly socket: WebSocket;
  readonly #heard: Heard[] = [];

  constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.on("error", () => undefined);
    this.socket.on("message", (data) => this.told((data as Buffer).toString()));
  }

  abstract join(channel: string): Promise<void>;

  abstract leave(channel: string): Promise<void>;

  /** Resolves when it is connected. */
  async open(): Promise<this> {
    await once(this.socket, "open");
    return this;
  }

  heard(): readonly Heard[] {
    return this.#heard;
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    this.socket.close();
    await once(this.socket, "close");
  }

  drop(): void {
    this.socket.terminate();
  }

  /** Takes one message of the server's. */
  protected abstract told(text: string): void;

  protected say(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  protected hear(heard: Heard): void {
    this.#heard.push(heard);
  }
}
