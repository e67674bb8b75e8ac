import type { WebSocket } from "ws";

interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** A client over a real WebSocket, frame by frame; binary ones are told as `binary` and their bytes. */
export abstract class FrameClient {
  readonly socket: WebSocket;
  /** How it was closed. */
  code: number | undefined;
  protected readonly ending: Promise<Ending>;
  /** What came and was not taken yet. */
  protected readonly heard: string[] = [];
  readonly #woken: (() => void)[] = [];

  protected constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer, isBinary) => {
      this.heard.push(isBinary ? `binary ${data.toString("hex")}` : data.toString());
      this.#wake();
    });
    socket.on("error", () => undefined);
    // Not by `once` of events, which would fail for one that is refused, whether somebody waits for its end or not.
    this.ending = new Promise((resolve) => {
      socket.once("close", (code, reason) => {
        this.code = code;
        this.#wake();
        resolve({ code, reason: String(reason) });
      });
    });
  }

  send(...messages: readonly (string | Uint8Array)[]): void {
    for (const message of messages) this.socket.send(message);
  }

  async leave(): Promise<void> {
    this.socket.close();
    await this.ending;
  }

  /** How it is closed, and everything that it was told until then. */
  async ended(): Promise<readonly [number, readonly string[]]> {
    const { code } = await this.ending;
    return [code, this.heard.splice(0)];
  }

  protected async taken(count: number): Promise<readonly string[]> {
    await this.#until(() => this.heard.length >= count);
    return this.heard.splice(0, count);
  }

  /** Everything that it is told before a mark, which comes last. */
  protected async before(mark: string): Promise<readonly string[]> {
    await this.#until(() => this.heard.at(-1) === mark);
    return this.heard.splice(0).slice(0, -1);
  }

  async #until(isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      if (this.code !== undefined) throw new Error(`closed with ${this.code} after ${JSON.stringify(this.heard)}`);
      await new Promise<void>((resolve) => this.#woken.push(resolve));
    }
  }

  #wake(): void {
    for (const wake of this.#woken.splice(0)) wake();
  }
}
