import type { IncomingMessage, ServerResponse } from "node:http";

/** A status with a line for people, which is all that most answers say. */
export interface Fault {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of the message on a line of its own. */
  readonly body?: string;
}

/** One plain request and its answer, which is given once. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Repeated names are refused before it comes here. */
  readonly query: URLSearchParams;
  readonly #headers: Readonly<Record<string, string>>;

  /** @param headers what every answer carries besides its own */
  constructor(request: IncomingMessage, response: ServerResponse, headers: Readonly<Record<string, string>> = {}) {
    this.request = request;
    this.response = response;
    const target = request.url ?? "";
    const at = target.indexOf("?");
    this.query = new URLSearchParams(at < 0 ? "" : target.slice(at + 1));
    this.#headers = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", ...headers };
    // Writing to a client that has left is no event for anybody.
    response.on("error", () => undefined);
  }

  /** Answered already, or nobody is there to hear it. */
  get isOver(): boolean {
    return this.response.headersSent || this.response.destroyed;
  }

  answer(
    status: number,
    contentType?: string,
    body?: string | Uint8Array,
    headers?: Readonly<Record<string, string>>,
  ): void {
    if (this.isOver) return;
    const typed = contentType === undefined ? undefined : { "Content-Type": contentType };
    this.begin(status, { ...typed, ...lengthOf(status, body), ...headers });
    this.response.end(body);
  }

  fail({ status, message, headers, body = `${message}\n` }: Fault): void {
    if (this.isOver) return;
    this.begin(status, { "Content-Type": "text/plain; charset=utf-8", ...lengthOf(status, body), ...headers });
    this.response.end(body);
  }

  /** The head of an answer whose body follows. */
  begin(status: number, headers: Readonly<Record<string, string | number>>): void {
    this.response.writeHead(status, { ...this.#headers, ...headers });
  }
}

function lengthOf(status: number, body: string | Uint8Array | undefined): { readonly "Content-Length"?: number } {
  if (status === 204) return {};
  return { "Content-Length": body === undefined ? 0 : Buffer.byteLength(body) };
}
