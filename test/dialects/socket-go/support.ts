import { once } from "node:events";
import { afterEach } from "vitest";
import { WebSocket, type ClientOptions } from "ws";
import { socketGo, type SocketGo, type SocketGoOptions } from "../../../src/dialects/socket-go/index.ts";
import { createServer, type CarillonError, type Server, type ServerOptions, type Timer } from "../../../src/index.ts";
import { ManualClock } from "../../../src/testing/index.ts";
import { ask, type Answered } from "../../transports/http/link-client.ts";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

/** A server that speaks socket.go, and its clients. */
export interface Setting {
  readonly chat: SocketGo;
  readonly server: Server;
  /** Without a slash at its end. */
  readonly url: string;
  readonly warnings: string[];
  /** What reached `server.on("error")`. */
  readonly failures: CarillonError[];
  connect(options?: ClientOptions & { readonly path?: string }): Promise<WebSocketClient>;
  poller(path?: string): Promise<PollingClient>;
}

export async function serve(
  options: SocketGoOptions = {},
  { paths = ["/socket"], ...serverOptions }: ServerOptions & { readonly paths?: readonly string[] } = {},
): Promise<Setting> {
  const chat = socketGo(options);
  const warnings: string[] = [];
  const failures: CarillonError[] = [];
  const warn = (_facts: object, message: string): void => void warnings.push(message);
  const server = createServer({
    endpoints: { ...serverOptions.endpoints, ...Object.fromEntries(paths.map((path) => [path, chat])) },
    logger: { info: () => undefined, warn, error: warn },
    admission: { handshakesPerSecond: Infinity },
    ...Object.fromEntries(Object.entries(serverOptions).filter(([name]) => name !== "endpoints")),
  });
  server.on("error", ({ error }) => failures.push(error));
  const { url: whole } = await server.listen({ host: "127.0.0.1" });
  const url = whole.slice(0, -1);
  endings.push(() => server.close({ timeoutMs: 50 }));
  return {
    chat,
    server,
    url,
    warnings,
    failures,
    async connect({ path = paths[0]!, ...clientOptions } = {}) {
      const client = new WebSocketClient(`${url.replace("http", "ws")}${path}`, clientOptions);
      endings.push(() => client.socket.terminate());
      await once(client.socket, "open");
      return client;
    },
    poller: (path = paths[0]!) => PollingClient.connect(`${url}${path}`),
  };
}

/** Tells which timers were started: a poll is held from the moment that its timer runs. */
export class WatchedClock extends ManualClock {
  readonly delays: number[] = [];

  override after(ms: number, run: () => void): Timer {
    this.delays.push(ms);
    return super.after(ms, run);
  }

  /** Resolves when a timer of so long was started that nobody has waited for yet. */
  async started(ms: number): Promise<void> {
    await until(() => this.delays.includes(ms));
    this.delays.splice(0, this.delays.indexOf(ms) + 1);
  }
}

/** One client over a WebSocket, byte for byte. */
export class WebSocketClient {
  readonly socket: WebSocket;
  readonly closed: Promise<number>;
  readonly #frames: string[] = [];
  readonly #waiting: ((frame: string) => void)[] = [];

  constructor(url: string, options: ClientOptions = {}) {
    this.socket = new WebSocket(url, { perMessageDeflate: false, ...options });
    this.socket.on("message", (data: Buffer, isBinary) => {
      const frame = isBinary ? `binary:${data.toString("hex")}` : data.toString();
      const next = this.#waiting.shift();
      if (next) next(frame);
      else this.#frames.push(frame);
    });
    this.socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => {
      this.socket.on("close", (code) => resolve(code));
    });
  }

  /** What came and was not asked for yet. */
  get unread(): readonly string[] {
    return this.#frames;
  }

  say(frame: string | Uint8Array): void {
    this.socket.send(frame);
  }

  next(): Promise<string> {
    const frame = this.#frames.shift();
    return frame === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(frame);
  }

  async take(count: number): Promise<readonly string[]> {
    const frames: string[] = [];
    while (frames.length < count) frames.push(await this.next());
    return frames;
  }
}

/** One client over polling, request for request. */
export class PollingClient {
  readonly url: string;
  readonly sessionId: string;

  private constructor(url: string, sessionId: string) {
    this.url = url;
    this.sessionId = sessionId;
  }

  static async connect(url: string): Promise<PollingClient> {
    const { status, body } = await ask(`${url}/connect`, { method: "POST" });
    if (status !== 200) throw new Error(`${status} ${body}`);
    return new PollingClient(url, (JSON.parse(body) as { readonly sessionId: string }).sessionId);
  }

  poll(): Promise<Answered> {
    return ask(`${this.url}/poll?sessionId=${this.sessionId}`);
  }

  async messages(): Promise<readonly unknown[]> {
    return JSON.parse((await this.poll()).body) as readonly unknown[];
  }

  send(body: string): Promise<Answered> {
    const headers = { "Content-Type": "application/json" };
    return ask(`${this.url}/send?sessionId=${this.sessionId}`, { method: "POST", headers, body });
  }

  disconnect(): Promise<Answered> {
    return ask(`${this.url}/disconnect?sessionId=${this.sessionId}`, { method: "POST" });
  }
}

/** Answers every event with itself, and counts what happens. */
export function echo(chat: SocketGo): { readonly heard: unknown[]; readonly ended: string[] } {
  const heard: unknown[] = [];
  const ended: string[] = [];
  chat.on("*", (socket, data) => {
    heard.push(data);
    socket.send("echo", data);
  });
  chat.on("disconnect", (socket) => ended.push(socket.id));
  return { heard, ended };
}

/** Resolves when it holds; the test's own deadline is the limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}
