import { expect } from "vitest";
import { native } from "../../../src/dialects/native/dialect.ts";
import type { NativeOptions } from "../../../src/dialects/native/options.ts";
import type { Endpoint } from "../../../src/dialects/dialect.ts";
import type { Frame } from "../../../src/engine/ports/wire.ts";
import { createJsonCodec, type Codec } from "../../../src/protocol/codec.ts";
import type { ClientMessage } from "../../../src/protocol/messages.ts";
import { createMsgpackCodec } from "../../../src/protocol/msgpack.ts";
import { FakeWire, type FakeWireOptions } from "../../../src/testing/fake-wire.ts";
import { handshake, world, type World, type WorldOptions } from "../../engine/support.ts";

const codecs: Readonly<Record<"json" | "msgpack", Codec>> = { json: createJsonCodec(), msgpack: createMsgpackCodec() };

export interface NativeClientOptions extends FakeWireOptions {
  readonly codec?: keyof typeof codecs;
}

/** A native client, played by the test. */
export class NativeClient {
  readonly wire: FakeWire;
  readonly codec: Codec;

  constructor(endpoint: Endpoint, options: NativeClientOptions) {
    this.codec = codecs[options.codec ?? "json"];
    this.wire = new FakeWire(options);
    this.wire.handler = endpoint.open(this.wire, handshake(), this.codec.subprotocol);
  }

  /** Each in a frame of its own. */
  send(...messages: readonly ClientMessage[]): void {
    for (const message of messages) this.raw(this.codec.encode(message));
  }

  /** All in one frame. JSON only. */
  sendTogether(...messages: readonly unknown[]): void {
    this.raw(JSON.stringify(messages));
  }

  raw(frame: Frame): void {
    this.wire.receive(frame);
  }

  /** The messages that came since the last time. */
  heard(): readonly unknown[] {
    return this.wire.takeFrames().flatMap((frame) => this.codec.decode(frame));
  }
}

export interface NativeWorld extends World {
  readonly endpoint: Endpoint;
  /** A wire that is open, and nothing said yet. */
  opened(options?: NativeClientOptions): NativeClient;
  /** A client that is connected, as this user; its `connected` is taken. */
  entered(userId?: string, options?: NativeClientOptions): NativeClient;
}

export function nativeWorld(options: WorldOptions & { readonly native?: NativeOptions } = {}): NativeWorld {
  const made = world(options);
  const endpoint = native({ heartbeatMs: 0, ...options.native }).mount(made.engine);
  const opened = (of?: NativeClientOptions): NativeClient => new NativeClient(endpoint, { clock: made.clock, ...of });
  return {
    ...made,
    endpoint,
    opened,
    entered(userId, of) {
      const { application } = made;
      const { authenticate } = application;
      application.authenticate = () => (userId === undefined ? {} : { userId });
      const entered = opened(of);
      entered.send({ type: "connect" });
      application.authenticate = authenticate;
      entered.heard();
      return entered;
    },
  };
}

/** An error as the wire has it, whatever its sentence; nothing else may be in it but what is said here. */
export function failure(code: string, ref?: number, more: object = {}): unknown {
  return { type: "error", ...(ref !== undefined && { ref }), code, message: expect.stringMatching(/./), ...more };
}

export const temporary = { temporary: true };
