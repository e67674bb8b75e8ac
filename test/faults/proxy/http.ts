import { once } from "node:events";
import {
  Agent,
  createServer,
  request,
  type IncomingMessage,
  type RequestOptions,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { SeededRandom } from "../../load/programs/random.ts";
import { endToEnd, fitsRequest, ended, whole, type Asked, type HttpAction, type RequestMatch } from "./http-rules.ts";
import { ProxyLog } from "./log.ts";
import { sendBody } from "./response-body.ts";
import { Rules } from "./rules.ts";
import {
  jsonFields,
  WebSocketRelay,
  type FieldReader,
  type FrameAction,
  type FrameMatch,
  type FrameTrigger,
} from "./web-socket.ts";

const host = "127.0.0.1";

export interface HttpProxyOptions {
  /** The server's, or another proxy's. */
  readonly port: number;
  readonly seed?: number;
  /** @default jsonFields */
  readonly fields?: FieldReader;
  /** @default false */
  readonly logsFrames?: boolean;
}

/**
 * A proxy that understands HTTP/1.1 and WebSockets, with rules for requests and for messages.
 *
 * Requests are taken as a whole, answers go on as they come. Put a `TcpProxy` before or behind it to spoil bytes, too.
 *
 * @example
 * ```ts
 * const proxy = await HttpProxy.start({ port });
 * proxy.requests.on({ method: "GET", path: "/poll" }, { kind: "duplicate" }, { times: 1 });
 * proxy.frames.on({ type: "connected", direction: "down" }, { kind: "disconnect" }, { times: 1 });
 * ```
 */
export class HttpProxy {
  readonly log: ProxyLog = new ProxyLog();
  readonly requests: Rules<RequestMatch, HttpAction>;
  readonly frames: Rules<FrameMatch, FrameAction>;
  readonly #options: HttpProxyOptions;
  readonly #random: SeededRandom;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #listener: Server;
  readonly #relays = new Set<WebSocketRelay>();
  readonly #upgraded = new Set<Socket>();
  /** Requests that wait until another one has overtaken them. */
  readonly #held = new Map<RequestMatch | HttpAction, () => void>();
  readonly #stopped = new AbortController();
  #count = 0;

  private constructor(options: HttpProxyOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed ?? 1);
    this.requests = new Rules(this.#random);
    this.frames = new Rules(this.#random);
    // It never gives up on anyone by itself.
    this.#listener = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 });
    this.#listener.on("request", (asked: IncomingMessage, answer: ServerResponse) => void this.#take(asked, answer));
    this.#listener.on("upgrade", (asked: IncomingMessage, socket: Socket, head: Buffer) => {
      socket.on("error", () => undefined);
      void this.#upgrade(asked, socket, head);
    });
  }

  static async start(options: HttpProxyOptions): Promise<HttpProxy> {
    const proxy = new HttpProxy(options);
    proxy.#listener.listen(0, host);
    await once(proxy.#listener, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** How many WebSockets are open. */
  get webSockets(): number {
    return this.#relays.size;
  }

  /** Does something to every WebSocket that is open, now. */
  trigger(trigger: FrameTrigger): void {
    for (const relay of this.#relays) relay.trigger(trigger);
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    for (const socket of this.#upgraded) socket.destroy();
    this.#listener.closeAllConnections();
    this.#agent.destroy();
    this.#listener.close();
    await once(this.#listener, "close");
  }

  async #take(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await whole(asked).catch(() => undefined);
    if (!body) return;
    const link = (this.#count += 1);
    const request: Asked = { link, method: asked.method!, path: asked.url!, headers: endToEnd(asked.rawHeaders), body };
    this.log.add({ link, what: "request", direction: "up", detail: `${request.method} ${request.path}` });
    const action = this.requests.take((match) => fitsRequest(match, request));
    if (action) this.log.add({ link, what: action.kind, detail: `${request.method} ${request.path}` });
    try {
      await this.#answer(request, action, answer);
    } catch {
      // The server went away, or the client: either way the client has no answer.
      answer.destroy();
    }
  }

  async #answer(asked: Asked, action: HttpAction | undefined, answer: ServerResponse): Promise<void> {
    switch (action?.kind) {
      case undefined:
        return this.#relay(await this.#ask(asked, answer), answer);
      case "delay":
        await delay(action.ms, undefined, this.#stopped);
        return this.#relay(await this.#ask(asked, answer), answer);
      case "duplicate": {
        const first = this.#ask(asked, action.answer === "second" ? undefined : answer);
        first.catch(() => undefined);
        if (action.ms) await delay(action.ms, undefined, this.#stopped);
        const second = this.#ask(asked, action.answer === "second" ? answer : undefined);
        const [kept, other] = action.answer === "second" ? [second, first] : [first, second];
        void this.#discard(other, asked.link);
        return this.#relay(await kept, answer);
      }
      case "reorder":
        await this.#overtaken(action);
        return this.#relay(await this.#ask(asked, answer), answer);
      case "replay": {
        const response = this.#ask(asked, answer);
        void delay(action.ms, undefined, this.#stopped).then(
          () => this.#discard(this.#ask(asked), asked.link),
          () => undefined,
        );
        return this.#relay(await response, answer);
      }
      case "drop-request":
        answer.destroy();
        return undefined;
      case "drop-response":
        await this.#discard(this.#ask(asked), asked.link);
        answer.destroy();
        return undefined;
      case "answer":
        if (action.isHandled) await this.#discard(this.#ask(asked), asked.link);
        answer.writeHead(action.status, { "Content-Type": "text/html" }).end(action.body ?? "<h1>Bad Gateway</h1>\n");
        return undefined;
      case "cut-body":
      case "buffer":
        return this.#relay(await this.#ask(asked, answer), answer, action);
      case "strip-upgrade":
        throw new Error("only upgrades can be stripped");
    }
  }

  /** Waits until the next request under the same rule has gone, and lets the one that waits go. */
  async #overtaken(action: HttpAction & { readonly kind: "reorder" }): Promise<void> {
    const release = this.#held.get(action);
    if (release) {
      this.#held.delete(action);
      // After this one has been sent, which is before the next turn's sockets.
      setImmediate(release);
      return;
    }
    await new Promise<void>((resolve) => {
      this.#held.set(action, resolve);
      setTimeout(() => {
        if (this.#held.get(action) === resolve) this.#held.delete(action);
        resolve();
      }, action.maxMs);
    });
  }

  /** Asks the server. @param answer whose end gives the question up, as a proxy does whose client has left */
  #ask(asked: Asked, answer?: ServerResponse): Promise<IncomingMessage> {
    const { method, path, headers, body, link } = asked;
    return new Promise((resolve, reject) => {
      const sent = request({ host, port: this.#options.port, agent: this.#agent, method, path, headers });
      answer?.on("close", () => {
        if (!answer.writableFinished) sent.destroy();
      });
      sent.on("error", reject);
      sent.on("response", (response) => {
        this.log.add({ link, what: "response", direction: "down", detail: String(response.statusCode) });
        response.on("error", () => undefined);
        resolve(response);
      });
      sent.end(body.length > 0 ? body : undefined);
    });
  }

  async #relay(
    response: IncomingMessage,
    answer: ServerResponse,
    action?: Extract<HttpAction, { readonly kind: "cut-body" | "buffer" }>,
  ): Promise<void> {
    answer.writeHead(response.statusCode!, response.statusMessage, [...endToEnd(response.rawHeaders)] as string[]);
    answer.flushHeaders();
    await sendBody(response, answer, action);
  }

  /** Reads an answer that the client does not get. */
  async #discard(response: Promise<IncomingMessage>, link: number): Promise<void> {
    try {
      const bytes = await whole(await response);
      this.log.add({ link, what: "discarded", bytes: bytes.length });
    } catch {
      this.log.add({ link, what: "discarded" });
    }
  }

  async #upgrade(asked: IncomingMessage, client: Socket, head: Buffer): Promise<void> {
    const link = (this.#count += 1);
    const { method = "", url: path = "", rawHeaders } = asked;
    this.#upgraded.add(client);
    client.on("close", () => this.#upgraded.delete(client));
    this.log.add({ link, what: "upgrade", direction: "up", detail: path });
    const action = this.requests.take((match) => fitsRequest(match, { method: "UPGRADE", path }));
    if (action) this.log.add({ link, what: action.kind, detail: path });
    if (action?.kind === "answer") return void client.end(ended(action.status, action.body ?? ""));
    if (action?.kind === "drop-request") return void client.resetAndDestroy();
    if (action?.kind === "delay") await delay(action.ms, undefined, this.#stopped).catch(() => undefined);
    const headers = action?.kind === "strip-upgrade" ? endToEnd(rawHeaders) : rawHeaders;
    const options: RequestOptions = { host, port: this.#options.port, method, path, headers, agent: false };
    const sent = request(options);
    client.on("close", () => sent.destroy());
    sent.on("error", () => client.resetAndDestroy());
    sent.on("response", async (response) => {
      const body = await whole(response).catch(() => Buffer.alloc(0));
      client.end(ended(response.statusCode!, body.toString()));
    });
    sent.on("upgrade", (response, server: Socket, early: Buffer) => {
      const lines: string[] = [`HTTP/1.1 101 ${response.statusMessage}`];
      for (let at = 0; at < response.rawHeaders.length; at += 2) {
        lines.push(`${response.rawHeaders[at]}: ${response.rawHeaders[at + 1]}`);
      }
      if (action?.kind === "drop-response") {
        server.destroy();
        client.resetAndDestroy();
        return;
      }
      client.write(`${lines.join("\r\n")}\r\n\r\n`);
      const { fields = jsonFields, logsFrames = false } = this.#options;
      const { frames: rules, log } = this;
      const relay = new WebSocketRelay(client, server, { link, rules, log, random: this.#random, fields, logsFrames });
      this.#relays.add(relay);
      this.#upgraded.add(server);
      server.on("close", () => {
        this.#relays.delete(relay);
        this.#upgraded.delete(server);
      });
      if (early.length > 0) server.unshift(early);
      if (head.length > 0) client.unshift(head);
    });
    sent.end();
  }
}
