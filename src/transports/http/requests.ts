import type { HttpFormat, HttpSettings, Refusal } from "../../dialects/dialect.ts";
import type { Frame, Wire, WireHandler } from "../../engine/ports/wire.ts";
import type { Clock } from "../../platform/clock.ts";
import { readBody } from "./body.ts";
import { acceptsStream, formatOf } from "./content-type.ts";
import { answerGone } from "./ending.ts";
import type { Exchange } from "./exchange.ts";
import type { Receipt } from "./inbox.ts";
import type { Link } from "./link.ts";
import { Links, type LinksParts } from "./links.ts";
import { Misses } from "./misses.ts";

/** What may be asked of an endpoint by plain requests, and how: each is a path under the endpoint's own. */
export const linkActions = { open: "POST", send: "POST", poll: "GET", sse: "GET", close: "POST" } as const;

/** A key of {@link linkActions}. */
export type LinkAction = keyof typeof linkActions;

/** Under which conditions a request is answered. */
export interface Asking {
  /** The client's. */
  readonly address: string;
  /** Asks whether a link may open; the answer begins the session on it. */
  readonly admit: (format: HttpFormat) => Promise<Refusal | ((wire: Wire) => WireHandler)>;
  /** Hears what `admit`, or the beginning of a session, threw. */
  readonly failed: (error: unknown) => void;
  /** The client waits for 100 before it sends its body. */
  readonly isExpected: boolean;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Long-polling and server-sent events: the five requests that a client makes of its link. */
export class LinkRequests {
  readonly #settings: HttpSettings;
  readonly #clock: Clock;
  readonly #links: Links;
  readonly #misses: Misses;

  constructor(parts: LinksParts) {
    this.#settings = parts.settings;
    this.#clock = parts.clock;
    this.#links = new Links(parts);
    this.#misses = new Misses(parts.clock);
  }

  /** Answers a request whose origin was let in. */
  handle(action: LinkAction, exchange: Exchange, asking: Asking): void {
    const { method } = exchange.request;
    const allowed = linkActions[action];
    if (method !== allowed) {
      exchange.fail({ status: 405, message: `this is for ${allowed}`, headers: { Allow: allowed } });
    } else if (["link", "seq", "after"].some((name) => exchange.query.getAll(name).length > 1)) {
      exchange.fail({ status: 400, message: "a parameter is given twice" });
    } else if (action === "open") this.#open(exchange, asking);
    else this.#withLink(action, exchange, asking);
  }

  #open(exchange: Exchange, { admit, failed, isExpected }: Asking): void {
    const format = this.#formatOf(exchange);
    if (!format) return;
    const fail = (error: unknown): void => {
      failed(error);
      exchange.fail({ status: 500, message: "something went wrong on the server" });
    };
    this.#read(exchange, isExpected, format, (body) => {
      const opened = admit(format).then((answer) => {
        if (typeof answer === "function") this.#begin(exchange, format, answer, body);
        else exchange.fail(answer);
      });
      opened.catch(fail);
    });
  }

  #begin(exchange: Exchange, format: HttpFormat, begin: (wire: Wire) => WireHandler, body: Frame): void {
    if (exchange.isOver) return;
    const link = this.#links.open(format);
    const { response } = exchange;
    // A client that never learned the id cannot come back for it.
    response.once("close", () => {
      if (!response.writableFinished) link.destroy();
    });
    const handler = begin(link);
    exchange.answer(200, "application/json", JSON.stringify({ link: link.id }));
    link.serve(handler, body.length > 0 ? body : undefined);
  }

  #withLink(action: Exclude<LinkAction, "open">, exchange: Exchange, { address, isExpected }: Asking): void {
    const id = exchange.query.get("link") ?? "";
    const link = this.#links.find(id);
    if (!link) {
      this.#missed(id, exchange, address);
      return;
    }
    link.heard();
    switch (action) {
      case "send":
        this.#send(link, exchange, isExpected);
        break;
      case "poll":
        this.#poll(link, exchange);
        break;
      case "sse":
        this.#stream(link, exchange);
        break;
      case "close":
        link.leave();
        exchange.answer(204);
        break;
    }
  }

  #missed(id: string, exchange: Exchange, address: string): void {
    const ending = this.#links.endingOf(id);
    if (ending) answerGone(exchange, ending);
    else if (this.#misses.allow(address)) {
      exchange.fail({ status: 400, message: "unknown link" });
    } else exchange.fail({ status: 429, message: "too many unknown links", headers: { "Retry-After": "60" } });
  }

  #send(link: Link, exchange: Exchange, isExpected: boolean): void {
    const [seq, after] = [exchange.query.get("seq"), exchange.query.get("after")];
    const number = seq === null ? 0 : countOf(seq);
    const count = after === null ? 0 : countOf(after);
    if (number === undefined || count === undefined || (seq !== null && number === 0)) {
      exchange.fail({ status: 400, message: "seq counts from 1, after from 0" });
      return;
    }
    const format = seq === null ? undefined : this.#formatOf(exchange, link.bodies.format);
    if (seq !== null && !format) return;
    this.#read(exchange, isExpected, format, (body) => {
      if (after !== null && link.acknowledge(count) === "ahead") {
        exchange.fail({ status: 400, message: "there were not so many frames" });
      } else if (seq !== null) link.receive(number, body, (receipt) => settle(exchange, link, receipt));
      else if (body.length > 0) exchange.fail({ status: 400, message: "a body needs its seq" });
      else exchange.answer(204);
    });
  }

  #poll(link: Link, exchange: Exchange): void {
    const after = countOf(exchange.query.get("after") ?? "");
    const known = after === undefined ? "ahead" : link.acknowledge(after);
    if (after === undefined) exchange.fail({ status: 400, message: "after: how many frames you have received" });
    else if (known === "ahead") exchange.fail({ status: 400, message: "there were not so many frames" });
    else if (known === "behind") exchange.fail({ status: 409, message: "these frames were acknowledged before" });
    else link.poll(exchange, after);
  }

  #stream(link: Link, exchange: Exchange): void {
    const { accept, "last-event-id": lastId } = exchange.request.headers;
    if (!acceptsStream(accept)) {
      exchange.fail({ status: 406, message: "this is text/event-stream" });
      return;
    }
    // A browser that comes back by itself asks for the same address again, and is further than that.
    const after = countOf(lastId === undefined ? (exchange.query.get("after") ?? "0") : String(lastId));
    link.stream(exchange, after !== undefined && link.acknowledge(after) === "known" ? after : undefined);
  }

  /** The format of a body; answers when it is none of this endpoint, or not the link's own. */
  #formatOf(exchange: Exchange, own?: HttpFormat): HttpFormat | undefined {
    const formats = own ? [own] : this.#settings.formats;
    const format = formatOf(exchange.request.headers["content-type"], formats);
    if (format) return format;
    const types = formats.map(({ contentType }) => contentType).join(" or ");
    exchange.fail({ status: 415, message: `the Content-Type must be ${types}`, headers: { Connection: "close" } });
    return undefined;
  }

  #read(exchange: Exchange, isExpected: boolean, format: HttpFormat | undefined, done: (body: Frame) => void): void {
    const { maxMessageBytes } = this.#settings;
    readBody(exchange, { clock: this.#clock, maxBytes: maxMessageBytes, isExpected }, (bytes) => {
      const body = format?.isBinary ? bytes : textOf(bytes);
      if (body === undefined) exchange.fail({ status: 400, message: "the body is not UTF-8" });
      else done(body);
    });
  }
}

function settle(exchange: Exchange, link: Link, receipt: Receipt): void {
  if (receipt === "received") exchange.answer(204);
  else if (receipt === "conflict") exchange.fail({ status: 409, message: "what was to come before is missing" });
  else answerGone(exchange, link.ending!);
}

/** A count as digits, and nothing but digits. */
function countOf(text: string): number | undefined {
  return /^(?:0|[1-9]\d{0,14})$/.test(text) ? Number(text) : undefined;
}

function textOf(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
