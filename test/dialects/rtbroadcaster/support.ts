import { once } from "node:events";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import {
  rtbroadcaster,
  type Rtbroadcaster,
  type RtbroadcasterOptions,
} from "../../../src/dialects/rtbroadcaster/index.ts";
import { createServer, type Server, type ServerOptions } from "../../../src/index.ts";
import { FrameClient } from "../frame-client.ts";

/** One message of the one shape. */
export function said(value: number, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    uuid: "",
    status: { value, text: "" },
    funcKey: "",
    funcParams: [],
    stateMessage: false,
    ...more,
  });
}

/** An action, as the shipped SDK writes it. */
export function action(funcKey: string, funcParams: readonly unknown[], stateMessage = false, uuid = ""): string {
  return said(3, { uuid, status: { value: 3, text: "connected" }, funcKey, funcParams, stateMessage });
}

export function connected(uuid: string): string {
  return `{"uuid":"${uuid}","status":{"value":3,"text":"connected"},"funcKey":"","funcParams":[],"stateMessage":false}`;
}

export function notConnected(uuid: string): string {
  return `{"uuid":"${uuid}","status":{"value":0,"text":"not connected"},"funcKey":"","funcParams":[],"stateMessage":false}`;
}

/** A client of the original. */
export class RtbClient extends FrameClient {
  #marks = 0;

  static async connect(url: string, options = {}): Promise<RtbClient> {
    const client = new RtbClient(new WebSocket(url, options));
    await once(client.socket, "open");
    return client;
  }

  /** The next so many messages. */
  next(count = 1): Promise<readonly string[]> {
    return this.taken(count);
  }

  /** Everything that it was told; what it said before has been heard then. A room that does not exist is the echo. */
  settled(): Promise<readonly string[]> {
    const mark = `mark ${(this.#marks += 1)}`;
    this.send(said(2, { uuid: mark }));
    return this.before(notConnected(mark));
  }

  /** Makes a room. @returns its UUID */
  async create(): Promise<string> {
    this.send(
      '{"uuid":"","status":{"value":1,"text":"new connection"},"funcKey":"","funcParams":[],"stateMessage":false}',
    );
    const [answer = ""] = await this.next();
    const { uuid } = JSON.parse(answer) as { readonly uuid: string };
    if (answer !== connected(uuid)) throw new Error(`not in a room: ${answer}`);
    return uuid;
  }

  /** Joins a room, and expects to be let in. */
  async join(uuid: string): Promise<void> {
    this.send(said(2, { uuid, status: { value: 2, text: "join connection" } }));
    const [answer] = await this.next();
    if (answer !== connected(uuid)) throw new Error(`not in the room: ${answer}`);
  }
}

export interface RtbServer {
  readonly api: Rtbroadcaster;
  readonly server: Server;
  /** Of `/broadcasting`. */
  readonly url: string;
  /** The codes of what the application was told had failed. */
  readonly failures: string[];
  client(options?: object): Promise<RtbClient>;
  /** A room: its owner, its UUID, and so many guests. */
  room(guests?: number): Promise<{ owner: RtbClient; uuid: string; guests: RtbClient[] }>;
}

/** A server with this dialect on `/broadcasting` and `/broadcast`, and another object of it on `/other`. */
export async function serve(options: RtbroadcasterOptions = {}, more: ServerOptions = {}): Promise<RtbServer> {
  const api = rtbroadcaster(options);
  const endpoints = { "/broadcasting": api, "/broadcast": api, "/other": rtbroadcaster(options), ...more.endpoints };
  const server: Server = createServer({ ...more, endpoints });
  const failures: string[] = [];
  server.on("error", ({ error }) => void failures.push(error.code));
  const { port } = await server.listen({ host: "127.0.0.1" });
  onTestFinished(() => server.close({ timeoutMs: 200 }));
  const url = `ws://127.0.0.1:${port}/broadcasting`;
  const client = (clientOptions = {}): Promise<RtbClient> => RtbClient.connect(url, clientOptions);
  return {
    api,
    server,
    url,
    failures,
    client,
    async room(count = 0) {
      const owner = await client();
      const uuid = await owner.create();
      const guests: RtbClient[] = [];
      for (let index = 0; index < count; index += 1) {
        const guest = await client();
        await guest.join(uuid);
        guests.push(guest);
      }
      return { owner, uuid, guests };
    },
  };
}
