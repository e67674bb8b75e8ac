import type { IncomingMessage } from "node:http";

/** One event of a stream, read as HTML says. */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
}

/** Reads a stream as HTML says. @see HTML, section 9.2.6 */
export class StreamReader {
  readonly response: IncomingMessage;
  /** As it came. */
  raw = "";
  lastId = "";
  #rest = "";
  #pending: StreamEvent = { event: "", data: "" };
  readonly #events: StreamEvent[] = [];
  #wake: () => void = () => undefined;
  #ended = false;

  constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding("utf8");
    response.on("data", (text: string) => this.#take(text));
    response.on("error", () => undefined);
    response.on("close", () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** The next event; `undefined` when the stream has ended. */
  async next(): Promise<StreamEvent | undefined> {
    while (this.#events.length === 0 && !this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#events.shift();
  }

  async take(count: number): Promise<readonly string[]> {
    const data: string[] = [];
    while (data.length < count) data.push((await this.next())!.data);
    return data;
  }

  /** Until the stream's own count says that so many frames have come. */
  async counted(count: number): Promise<void> {
    while (this.lastId !== String(count) && !this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  #take(text: string): void {
    this.raw += text;
    const lines = (this.#rest + text).split(/\r\n|\r|\n/);
    this.#rest = lines.pop()!;
    for (const line of lines) this.#line(line);
    this.#wake();
  }

  #line(line: string): void {
    if (line === "") {
      const { event, data } = this.#pending;
      if (data !== "") this.#events.push({ event: event || "message", data: data.slice(0, -1) });
      this.#pending = { event: "", data: "" };
      return;
    }
    const at = line.indexOf(":");
    const [field, value] = at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1).replace(/^ /, "")];
    if (field === "data") this.#pending = { ...this.#pending, data: `${this.#pending.data}${value}\n` };
    else if (field === "event") this.#pending = { ...this.#pending, event: value };
    else if (field === "id") this.lastId = value;
  }
}
