import { Buffer } from "node:buffer";
import { once } from "node:events";
import { request, type Agent, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { StreamReader } from "./stream-reader.ts";

/** What came of a request. */
export interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly bytes: Buffer;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
  readonly agent?: Agent;
}

export async function ask(url: string, { method = "GET", headers = {}, body, ...rest }: Asked = {}): Promise<Answered> {
  const asked = request(url, {
    method,
    headers: { ...(body !== undefined && { "Content-Length": Buffer.byteLength(body) }), ...headers },
    ...rest,
  });
  asked.end(body);
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  return { status: response.statusCode!, headers: response.headers, body: bytes.toString(), bytes };
}

const json = { "Content-Type": "application/json" };

/** A client of one link, by hand. */
export class LinkClient {
  readonly url: string;
  readonly id: string;
  readonly #headers: OutgoingHttpHeaders;

  private constructor(url: string, id: string, headers: OutgoingHttpHeaders) {
    this.url = url;
    this.id = id;
    this.#headers = headers;
  }

  static async open(
    url: string,
    body: string | Uint8Array = "",
    headers: OutgoingHttpHeaders = json,
  ): Promise<LinkClient> {
    const answer = await ask(`${url}/open`, { method: "POST", headers, body });
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.body}`);
    return new LinkClient(url, (JSON.parse(answer.body) as { link: string }).link, headers);
  }

  send(seq: number, body: string | Uint8Array, rest: Asked = {}): Promise<Answered> {
    return ask(this.at("send", { seq }), { method: "POST", headers: this.#headers, body, ...rest });
  }

  acknowledge(after: number): Promise<Answered> {
    return ask(this.at("send", { after }), { method: "POST" });
  }

  poll(after: number, rest: Asked = {}): Promise<Answered> {
    return ask(this.at("poll", { after }), rest);
  }

  close(): Promise<Answered> {
    return ask(this.at("close"), { method: "POST" });
  }

  async stream(query: { after?: number } = {}, headers: OutgoingHttpHeaders = {}): Promise<StreamReader> {
    const asked = request(this.at("sse", query), { headers });
    asked.end();
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    return new StreamReader(response);
  }

  at(action: string, query: Readonly<Record<string, unknown>> = {}): string {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const rest = given.map(([name, value]) => `&${name}=${encodeURIComponent(String(value))}`).join("");
    return `${this.url}/${action}?link=${this.id}${rest}`;
  }
}
