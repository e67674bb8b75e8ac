import { CarillonError } from "../../src/client/index.ts";
import type { Link, LinkHandler, Transport, TransportRequest } from "../../src/client/transports/transport.ts";
import { createJsonCodec, type Codec, type CodecFrame } from "../../src/protocol/codec.ts";
import type { ServerMessage } from "../../src/protocol/messages.ts";

/** A message as the client sent it; tests look at any field. */
export type Sent = Readonly<Record<string, unknown>>;

/** A transport whose other end is the test. */
export class FakeTransport implements Transport {
  readonly name: string;
  readonly tries: FakeTry[] = [];
  readonly #codec: Codec;

  constructor(name = "fake", codec: Codec = createJsonCodec()) {
    this.name = name;
    this.#codec = codec;
  }

  connect(request: TransportRequest): Promise<Link> {
    return new Promise((resolve, reject) => this.tries.push(new FakeTry(request, this.#codec, resolve, reject)));
  }

  /** The latest try. */
  get last(): FakeTry {
    const last = this.tries.at(-1);
    if (!last) throw new Error("the client has not tried to connect");
    return last;
  }
}

/** One call of `connect`, which the test answers. */
export class FakeTry {
  readonly request: TransportRequest;
  readonly link: FakeLink;
  readonly #resolve: (link: Link) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    request: TransportRequest,
    codec: Codec,
    resolve: (link: Link) => void,
    reject: (error: unknown) => void,
  ) {
    this.request = request;
    this.link = new FakeLink(codec, request.codec.subprotocol);
    this.#resolve = resolve;
    this.#reject = reject;
    request.signal.addEventListener("abort", () => reject(new CarillonError("connect-failed")));
  }

  accept(): FakeLink {
    this.#resolve(this.link);
    return this.link;
  }

  fail(error: unknown = new CarillonError("connect-failed")): void {
    this.#reject(error);
  }
}

/** The test's end of a link. */
export class FakeLink implements Link {
  subprotocol: string;
  bufferedBytes = 0;
  /** What the client has sent, oldest first. */
  readonly sent: Sent[] = [];
  /** How many of them each call brought. */
  readonly sends: number[] = [];
  /** What the client has closed it with. */
  readonly closes: { readonly code: number | undefined; readonly reason: string | undefined }[] = [];
  /** The other end takes its time to confirm a close. */
  lingers = false;
  #handler: LinkHandler | undefined;
  #isClosed = false;
  readonly #codec: Codec;

  constructor(codec: Codec, subprotocol: string) {
    this.#codec = codec;
    this.subprotocol = subprotocol;
  }

  send(frames: readonly CodecFrame[]): void {
    if (this.#isClosed) return;
    this.sends.push(frames.length);
    for (const frame of frames) this.sent.push(...(this.#codec.decode(frame) as Sent[]));
  }

  receive(handler: LinkHandler): void {
    this.#handler = handler;
  }

  close(code?: number, reason?: string): void {
    this.closes.push({ code, reason });
    if (!this.lingers) queueMicrotask(() => this.end(code ?? 1005));
  }

  /** The server says something, each message in a frame of its own. */
  say(...messages: readonly ServerMessage[]): void {
    for (const message of messages) this.frame(this.#codec.encode(message));
  }

  frame(frame: CodecFrame): void {
    this.#handler?.frame(frame);
  }

  /** The server closes, or the link breaks. */
  end(code = 1006, reason = ""): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#handler?.closed(code, reason);
  }

  /** The types of what was sent, without the `connect` that everything begins with. */
  get types(): readonly unknown[] {
    return this.sent.slice(1).map(({ type }) => type);
  }

  /** The last message that was sent. */
  get latest(): Sent {
    return this.sent.at(-1) ?? {};
  }

  /** The `ref` of the last message that was sent. */
  get ref(): number {
    return this.latest["ref"] as number;
  }
}
