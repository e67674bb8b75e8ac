import { once } from "node:events";
import { WebSocket } from "ws";
import { turn } from "../transports/http/serve.ts";
import type { Language, Reaction } from "./languages.ts";
import type { Target } from "./target.ts";

type Message = string | Uint8Array;

/** Of a language's endpoint. */
export function urlOf({ url }: Target, { path }: Language): string {
  return url.replace(/^http/, "ws").replace(/carillon$/, path);
}

/** A client of any of the languages. */
export class Visitor {
  readonly #target: Target;
  readonly #socket: WebSocket;
  readonly #language: Language;
  readonly #told: Message[] = [];
  #code: number | undefined;
  #wake = (): void => undefined;

  private constructor(target: Target, socket: WebSocket, language: Language) {
    this.#target = target;
    this.#socket = socket;
    this.#language = language;
    socket.on("close", (code) => {
      this.#code = code;
      this.#wake();
    });
    // Whoever writes more than will be read may be reset.
    socket.on("error", () => undefined);
    socket.on("message", (data: Buffer, isBinary) => {
      this.#told.push(isBinary ? new Uint8Array(data) : data.toString());
      this.#wake();
    });
  }

  static async open(target: Target, language: Language): Promise<Visitor> {
    const socket = new WebSocket(urlOf(target, language), { perMessageDeflate: false });
    const visitor = new Visitor(target, socket, language);
    await once(socket, "open");
    return visitor;
  }

  /** Says these things, each as a frame of its kind. */
  say(...messages: readonly Message[]): void {
    for (const message of messages) this.#socket.send(message);
  }

  /** What it was told since it asked last, when all that it said has been heard; and how it was closed, if it was. */
  async heard(): Promise<Reaction> {
    const mark = crypto.randomUUID();
    this.#socket.send(this.#language.mark(mark));
    const isMark = (message: Message): boolean => Buffer.from(message).includes(mark);
    while (this.#code === undefined && !this.#told.some(isMark)) {
      if (this.#language.isPaced) {
        this.#target.clock.advance(50);
        await turn();
      } else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    }
    const told = this.#told.splice(0).filter((message) => !isMark(message));
    return { told, ...(this.#code !== undefined && { code: this.#code }) };
  }

  /** Without a word. */
  leave(): void {
    this.#socket.terminate();
  }
}

/** A client that says these things and leaves. */
export async function visit(
  target: Target,
  language: Language,
  messages: readonly Message[],
): Promise<Reaction & { /** Of all clients, while this one was there. */ readonly subscriptions: number }> {
  const visitor = await Visitor.open(target, language);
  visitor.say(...messages);
  const heard = await visitor.heard();
  const { subscriptions } = target.server.stats();
  visitor.leave();
  return { ...heard, subscriptions };
}
