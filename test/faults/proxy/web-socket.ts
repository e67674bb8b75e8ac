import type { Duplex } from "node:stream";
import type { Random } from "../../../src/index.ts";
import { closePayload, MessageReader, opcodes, writeFrame, type Message } from "./frames.ts";
import type { Direction, ProxyLog } from "./log.ts";
import type { Rules } from "./rules.ts";

/** Which WebSocket messages a rule means; what is absent fits anything. */
export interface FrameMatch {
  readonly direction?: Direction;
  readonly opcode?: keyof typeof opcodes;
  /** These are fields of the message, or of one of those that a frame holds. What is compressed has none. */
  readonly type?: string;
  readonly event?: string;
  readonly channel?: string;
}

/** What is done with a whole WebSocket message. */
export type FrameAction =
  | { readonly kind: "suppress" }
  /** It comes later, and so does what is behind it. */
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "duplicate" }
  | { readonly kind: "replace"; readonly text: (text: string) => string }
  /** Another text comes after it, or before it; the other way, where a direction is given. */
  | { readonly kind: "inject"; readonly text: string; readonly before?: true; readonly direction?: Direction }
  /** It is lost; the client is closed with this code, and the server's link just ends. */
  | { readonly kind: "close"; readonly code: number; readonly reason?: string }
  /** It is lost, and both sides get an RST. */
  | { readonly kind: "disconnect" }
  /** It still passes, then both sides get an RST. */
  | { readonly kind: "disconnect-after" }
  /** It is lost, and so is all that is behind it in its direction. */
  | { readonly kind: "suppress-onwards" };

/** What can be done at any moment, without a message. */
export type FrameTrigger =
  | Extract<FrameAction, { readonly kind: "close" | "disconnect" | "suppress-onwards" }>
  | {
      readonly kind: "inject";
      readonly text: string;
      readonly direction: Direction;
    };

/** The fields that a rule may ask for, for each message of one frame's payload. */
export type FieldReader = (message: Message) => readonly Readonly<Record<string, unknown>>[];

export interface RelayOptions {
  readonly link: number;
  readonly rules: Rules<FrameMatch, FrameAction>;
  readonly log: ProxyLog;
  readonly random: Pick<Random, "next">;
  readonly fields: FieldReader;
  /** Logs every message, which takes time. */
  readonly logsFrames: boolean;
}

interface Way {
  readonly direction: Direction;
  readonly sink: Duplex;
  /** What waits behind something that is delayed. */
  waiting: Promise<void> | undefined;
  isSilent: boolean;
}

/** Carries the messages of one open WebSocket, both ways, by the rules. */
export class WebSocketRelay {
  readonly #options: RelayOptions;
  readonly #client: Duplex;
  readonly #server: Duplex;
  readonly #ways: Readonly<Record<Direction, Way>>;

  constructor(client: Duplex, server: Duplex, options: RelayOptions) {
    this.#options = options;
    this.#client = client;
    this.#server = server;
    this.#ways = {
      up: { direction: "up", sink: server, waiting: undefined, isSilent: false },
      down: { direction: "down", sink: client, waiting: undefined, isSilent: false },
    };
    this.#carry(client, this.#ways.up);
    this.#carry(server, this.#ways.down);
  }

  trigger(trigger: FrameTrigger): void {
    this.#note(trigger.kind, "direction" in trigger ? trigger.direction : undefined);
    switch (trigger.kind) {
      case "inject":
        this.#inject(trigger.text, this.#ways[trigger.direction]);
        break;
      case "close":
        this.#close(trigger.code, trigger.reason);
        break;
      case "disconnect":
        this.#disconnect();
        break;
      case "suppress-onwards":
        for (const way of Object.values(this.#ways)) way.isSilent = true;
        break;
    }
  }

  #carry(source: Duplex, way: Way): void {
    const reader = new MessageReader();
    source.on("data", (chunk: Buffer) => {
      for (const message of reader.push(chunk)) this.#pass(message, way);
      if (way.sink.writableNeedDrain) source.pause();
    });
    way.sink.on("drain", () => source.resume());
    source.on("end", () => this.#write(way, undefined));
    source.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNRESET") reset(way.sink);
    });
    source.on("close", () => {
      this.#write(way, undefined);
      this.#note("ended", way.direction);
    });
  }

  #pass(message: Message, way: Way): void {
    const { rules, logsFrames, fields } = this.#options;
    if (way.isSilent) return;
    if (rules.isEmpty && !logsFrames) return this.#write(way, message.raw);
    let known: ReturnType<FieldReader> | undefined;
    const read = (): ReturnType<FieldReader> => (known ??= message.isCompressed ? [] : fields(message));
    if (logsFrames) {
      const detail = read()
        .map(({ type }) => String(type))
        .join();
      this.#note("frame", way.direction, { detail, bytes: message.payload.length });
    }
    const action = rules.take((match) => fits(match, way.direction, message, read));
    if (!action) return this.#write(way, message.raw);
    this.#note(action.kind, way.direction, {
      detail: read()
        .map(({ type }) => String(type))
        .join(),
    });
    this.#act(action, message, way);
  }

  #act(action: FrameAction, message: Message, way: Way): void {
    switch (action.kind) {
      case "suppress":
        break;
      case "delay":
        way.waiting = Promise.all([way.waiting, later(action.ms)]).then(() => undefined);
        this.#write(way, message.raw);
        break;
      case "duplicate":
        this.#write(way, message.raw);
        this.#write(way, message.raw);
        break;
      case "replace":
        this.#write(way, this.#framed(message.opcode, Buffer.from(action.text(message.payload.toString())), way));
        break;
      case "inject":
        if (!action.before) this.#write(way, message.raw);
        this.#inject(action.text, this.#ways[action.direction ?? way.direction]);
        if (action.before) this.#write(way, message.raw);
        break;
      case "close":
        this.#close(action.code, action.reason);
        break;
      case "disconnect":
        this.#disconnect();
        break;
      case "disconnect-after":
        way.isSilent = true;
        way.sink.write(message.raw, () => this.#disconnect());
        break;
      case "suppress-onwards":
        way.isSilent = true;
        break;
    }
  }

  /** In order, behind what is delayed. @param bytes absent: the end */
  #write(way: Way, bytes: Buffer | undefined): void {
    const write = (): void => {
      if (bytes) way.sink.write(bytes);
      else way.sink.end();
    };
    if (!way.waiting) return write();
    const waiting = way.waiting.then(write);
    way.waiting = waiting;
    void waiting.then(() => {
      if (way.waiting === waiting) way.waiting = undefined;
    });
  }

  #inject(text: string, way: Way): void {
    this.#write(way, this.#framed(opcodes.text, Buffer.from(text), way));
  }

  #framed(opcode: number, payload: Buffer, { direction }: Way): Buffer {
    const { random } = this.#options;
    const mask = Buffer.from([0, 0, 0, 0].map(() => Math.floor(random.next() * 256)));
    return writeFrame(opcode, payload, direction === "up" ? mask : undefined);
  }

  #close(code: number, reason = ""): void {
    for (const way of Object.values(this.#ways)) way.isSilent = true;
    this.#client.end(writeFrame(opcodes.close, closePayload(code, reason)));
    this.#server.destroy();
  }

  #disconnect(): void {
    for (const way of Object.values(this.#ways)) way.isSilent = true;
    reset(this.#client);
    reset(this.#server);
  }

  #note(what: string, direction?: Direction, more: { readonly detail?: string; readonly bytes?: number } = {}): void {
    const { log, link } = this.#options;
    log.add({ link, what, ...(direction && { direction }), ...more });
  }
}

/** The fields of JSON messages, alone or several in one frame. */
export const jsonFields: FieldReader = ({ opcode, payload }) => {
  if (opcode !== opcodes.text) return [];
  try {
    const value: unknown = JSON.parse(payload.toString());
    return (Array.isArray(value) ? value : [value]).filter((each) => typeof each === "object" && each !== null);
  } catch {
    return [];
  }
};

function fits(
  match: FrameMatch,
  direction: Direction,
  { opcode }: Message,
  read: () => ReturnType<FieldReader>,
): boolean {
  if (match.direction && match.direction !== direction) return false;
  if (match.opcode && opcodes[match.opcode] !== opcode) return false;
  const wanted = (["type", "event", "channel"] as const).filter((name) => match[name] !== undefined);
  return wanted.length === 0 || read().some((fields) => wanted.every((name) => fields[name] === match[name]));
}

function reset(stream: Duplex): void {
  if ("resetAndDestroy" in stream && typeof stream.resetAndDestroy === "function") stream.resetAndDestroy();
  else stream.destroy();
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
