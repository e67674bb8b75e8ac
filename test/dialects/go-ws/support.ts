import { once } from "node:events";
import { WebSocket, type ClientOptions } from "ws";
import { goWs, type GoWs, type GoWsOptions } from "../../../src/dialects/go-ws/index.ts";
import { createServer, type Server, type ServerOptions } from "../../../src/index.ts";
import { silent } from "../../canary.ts";

/** Any message of the language. */
export type Said = Readonly<Record<string, unknown>>;

/** One client, which speaks go-ws by hand. */
export class Speaker {
  readonly socket: WebSocket;
  readonly frames: string[] = [];
  readonly pings: number[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  #wakers: (() => void)[] = [];
  #fences = 0;

  constructor(url: string, options?: ClientOptions, subprotocols?: string[]) {
    this.socket = new WebSocket(url, subprotocols, options);
    this.socket.on("message", (data, isBinary) => {
      if (isBinary) throw new Error("go-ws has text frames only");
      this.frames.push((data as Buffer).toString());
      this.#wake();
    });
    this.socket.on("ping", () => {
      this.pings.push(this.pings.length);
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      this.socket.on("close", (code, reason) => {
        resolve({ code, reason: String(reason) });
        this.#wake();
      });
    });
    this.socket.on("error", () => undefined);
  }

  /** What it was told, answers to fences left out. */
  get heard(): readonly Said[] {
    return this.frames.filter((frame) => !isFence(frame)).map((frame) => JSON.parse(frame) as Said);
  }

  say(message: unknown): void {
    this.raw(JSON.stringify(message));
  }

  raw(data: string | Uint8Array): void {
    this.socket.send(data);
  }

  subscribe(channel: string): Promise<void> {
    this.say({ action: "subscribe", channel });
    return this.settled();
  }

  /** Resolves when everything that it said so far has been heard and answered. */
  async settled(): Promise<void> {
    this.#fences += 1;
    const channel = `${fence}${this.#fences}`;
    // Not subscribed to it, it is told so.
    this.say({ action: "broadcast", channel });
    await this.until(() => this.frames.some((frame) => isFence(frame) && frame.includes(`"${channel}"`)));
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error(`closed; heard ${this.frames.join("\n")}`);
      await new Promise<void>((resolve) => this.#wakers.push(resolve));
    }
  }

  async hears(count: number): Promise<readonly Said[]> {
    await this.until(() => this.heard.length >= count);
    return this.heard;
  }

  #wake(): void {
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const waker of wakers) waker();
  }
}

const fence = "fence-";

function isFence(frame: string): boolean {
  return frame.includes(`"channel":"${fence}`);
}

export interface Running {
  readonly hub: GoWs;
  readonly server: Server;
  readonly port: number;
  readonly url: string;
  readonly failures: unknown[];
  connect(query?: string, options?: ClientOptions): Promise<Speaker>;
}

const running: Server[] = [];

export { silent };

/** Starts a server with a hub at `/ws`, without a limit of messages unless the test is about it. */
export async function start(options: GoWsOptions = {}, serverOptions: ServerOptions = {}): Promise<Running> {
  const hub = goWs({ rateLimit: false, ...options });
  const server: Server = createServer({
    logger: silent,
    ...serverOptions,
    endpoints: { "/ws": hub, ...serverOptions.endpoints },
  });
  running.push(server);
  const failures: unknown[] = [];
  server.on("error", ({ error }) => failures.push(error.cause ?? error));
  const { port } = await server.listen({ host: "127.0.0.1" });
  const url = `ws://127.0.0.1:${port}/ws`;
  return {
    hub,
    server,
    port,
    url,
    failures,
    async connect(query = "", clientOptions = {}) {
      const speaker = new Speaker(url + query, clientOptions);
      await once(speaker.socket, "open");
      return speaker;
    },
  };
}

/** To be called after each test. */
export async function stopAll(): Promise<void> {
  await Promise.all(running.splice(0).map((server) => server.close({ timeoutMs: 200 })));
}

/** The `user_id` of a client is its token. */
export const byToken: GoWsOptions = {
  getUserId: ({ url }) => url.searchParams.get("token") ?? undefined,
};

/** Waits for a condition that no client is told of. */
export async function eventually(isSo: () => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (!isSo()) {
    if (performance.now() > end) throw new Error("it never became so");
    await new Promise((resolve) => void setTimeout(resolve, 2));
  }
}
