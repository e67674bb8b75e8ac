import { once } from "node:events";
import { WebSocket } from "ws";
import type { Frame } from "../../../src/engine/ports/wire.ts";

/** What somebody says in a channel. */
export interface Saying {
  readonly event: string;
  readonly data: unknown;
}

/** A client of one dialect over one transport, which speaks it by hand. */
export interface BridgeClient {
  readonly name: string;
  readonly ear: Ear;
  /** Resolves when it is in the channel. */
  join(channel: string): Promise<void>;
  /** What it sends to say something in a channel that it is in; `undefined` for what its language cannot say. */
  words(channel: string, saying: Saying): Frame | undefined;
  send(words: Frame): Promise<void>;
  /** What it was told until everything that it has sent was handled. */
  settled(): Promise<readonly string[]>;
  leave(): Promise<void>;
}

/** A frame as text; bytes are written as `bytes` and their hexadecimal digits. */
export function shown(frame: Frame): string {
  return typeof frame === "string" ? frame : `bytes ${Buffer.from(frame).toString("hex")}`;
}

/** What came to a client, frame by frame, as they are shown. */
export class Ear {
  readonly frames: string[] = [];
  #isOver = false;
  readonly #woken: (() => void)[] = [];

  hear(...frames: readonly string[]): void {
    this.frames.push(...frames);
    this.#wake();
  }

  /** Nothing comes any more. */
  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  /** Resolves with the first frame that it is true of; what came before it is forgotten, and the frame too. */
  async until(isIt: (frame: string) => boolean): Promise<string> {
    const [frame] = (await this.upTo(isIt)).slice(-1);
    return frame!;
  }

  /** Everything up to the first frame that it is true of, that one too. */
  async upTo(isIt: (frame: string) => boolean): Promise<readonly string[]> {
    for (let looked = 0; ; looked += 1) {
      while (looked >= this.frames.length) {
        if (this.#isOver) throw new Error(`it ended after\n${this.frames.slice(-5).join("\n")}`);
        await new Promise<void>((resolve) => this.#woken.push(resolve));
      }
      if (isIt(this.frames[looked]!)) return this.frames.splice(0, looked + 1);
    }
  }

  #wake(): void {
    for (const wake of this.#woken.splice(0)) wake();
  }
}

/** A WebSocket, and what comes through it. */
export interface Pipe {
  readonly ear: Ear;
  send(words: Frame): Promise<void>;
  leave(): Promise<void>;
}

export async function openPipe(url: string, subprotocol?: string): Promise<Pipe> {
  const socket = new WebSocket(url, subprotocol, { perMessageDeflate: false });
  const ear = new Ear();
  socket.on("message", (data: Buffer, isBinary) => ear.hear(shown(isBinary ? data : String(data))));
  socket.on("error", () => undefined);
  socket.on("close", () => ear.end());
  await once(socket, "open");
  return {
    ear,
    async send(words) {
      socket.send(words);
    },
    async leave() {
      if (socket.readyState === WebSocket.CLOSED) return;
      socket.close();
      await once(socket, "close");
    },
  };
}
