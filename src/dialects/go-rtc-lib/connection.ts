import type { Connection, LiveConnection } from "../../engine/connection.ts";
import { frameOf, type Content, type Message } from "./messages.ts";

/** One client of a registry. */
export interface RtcConnection {
  /** A UUID, lower-case and with hyphens. */
  readonly id: string;
  /** What all dialects have of a client: its user, its data, its handshake. */
  readonly connection: Connection;
  /**
   * `false` from the moment that this side closes it, or that the client has left and what it sent before has been handled;
   * then it is in no group, and cannot be added to one.
   */
  readonly isOpen: boolean;
  /** The groups it is in. */
  readonly groups: readonly string[];

  /**
   * Sends to this client alone: text in a text frame, bytes in a binary one, a message as it serialises. Goes nowhere once it
   * is closed.
   *
   * @throws whatever the message's `serialize` throws
   */
  send(message: Message | Content): void;

  /** Closes it with an empty close frame, once what was sent before is out. Once more is harmless. */
  closeConnection(): void;
}

/** What a client asks of its registry. */
export interface ConnectionHub {
  has(connection: LiveRtcConnection): boolean;
  groupsOf(connection: LiveRtcConnection): readonly string[];
  close(connection: LiveRtcConnection): void;
}

export class LiveRtcConnection implements RtcConnection {
  readonly live: LiveConnection;
  /** What it said last is being handled; the interceptors have seen it. */
  isHeard = false;
  readonly #hub: ConnectionHub;

  constructor(live: LiveConnection, hub: ConnectionHub) {
    this.live = live;
    this.#hub = hub;
  }

  get id(): string {
    return this.live.id;
  }

  get connection(): Connection {
    return this.live;
  }

  get isOpen(): boolean {
    return this.#hub.has(this);
  }

  get groups(): readonly string[] {
    return this.isOpen ? this.#hub.groupsOf(this) : [];
  }

  send(message: Message | Content): void {
    const frame = frameOf(message);
    if (this.isOpen) this.live.wire.send([frame]);
  }

  closeConnection(): void {
    this.#hub.close(this);
  }
}
