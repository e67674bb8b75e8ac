import { CarillonError } from "../errors/carillon-error.ts";
import { closeCodes } from "../errors/close-codes.ts";
import type { Answer, EventName, Payload } from "../events/event-map.ts";
import type { Clock } from "../platform/clock.ts";
import { checkNumber } from "./check-number.ts";
import { checkClosing } from "./closing.ts";
import type { Delivery } from "./delivery.ts";
import type { Handshake } from "./handshake.ts";
import type { Limits } from "./limits.ts";
import { checkEventName } from "./names.ts";
import type { Encoder } from "./ports/encoder.ts";
import type { Packet, Wire } from "./ports/wire.ts";
import type { Member } from "./presence.ts";
import type { Sender } from "./publication.ts";
import { Requests } from "./requests.ts";
import type { Subscription } from "./subscription.ts";
import type { TokenBucket } from "./token-bucket.ts";

/** Whatever the application keeps with a connection, by key. */
export interface ConnectionData<Data extends object> {
  get<Key extends keyof Data>(key: Key): Data[Key] | undefined;
  set<Key extends keyof Data>(key: Key, value: Data[Key]): unknown;
  has(key: keyof Data): boolean;
  delete(key: keyof Data): boolean;
}

/** One live client, as the application sees it. */
export interface Connection<
  Events extends object = Record<string, unknown>,
  Data extends object = Record<string, unknown>,
> {
  readonly id: string;
  /** What `authenticate` said; `undefined` for an anonymous client. */
  readonly userId: string | undefined;
  /** What `authenticate` said about the user; others see it in channels with presence. */
  readonly info: unknown;
  readonly data: ConnectionData<Data>;
  readonly handshake: Handshake;
  /** The name of the dialect that the client speaks. */
  readonly dialect: string;
  /** What `authenticate` called the credential, or the one that came after it. */
  readonly tokenId: string | undefined;
  /** `false` before `connect` and from `disconnect` on; everything sent then goes nowhere. */
  readonly isOpen: boolean;
  /** The channels it is subscribed to. */
  readonly channels: readonly string[];

  /**
   * Sends an event to this client alone.
   *
   * @throws {CarillonError} `event-name-invalid`
   */
  send<Name extends EventName<Events>>(event: Name, data?: Payload<Events[Name]>): void;

  /**
   * Asks this client, and waits for its answer.
   *
   * @throws {CarillonError} `timeout`, `connection-closed`, `not-supported`, `limit-exceeded`, `event-name-invalid`,
   * `option-invalid`, or what the client answered
   */
  request<Name extends EventName<Events>>(
    event: Name,
    data?: Payload<Events[Name]>,
    options?: RequestOptions,
  ): Promise<Answer<Events[Name]>>;

  /**
   * Puts this client into a channel; the client is told. `authorize` is not asked: the server decides.
   *
   * @throws {CarillonError} `channel-name-invalid`, `already-subscribed`, `limit-exceeded`, `broker-unavailable`
   */
  subscribe(channel: string): Promise<void>;

  /** Takes this client out of a channel; the client is told. Nothing happens when it is not in it. */
  unsubscribe(channel: string): Promise<void>;

  /**
   * Ends the connection. By default the client does not come back by itself.
   *
   * @param code 1000, or 4000 to 4999; clients stay away after 1000 and 44xx
   * @throws {CarillonError} `option-invalid` for any other code, or a reason of more than 123 bytes
   */
  close(code?: number, reason?: string): void;
}

/** How the server asks a client. */
export interface RequestOptions {
  /** @default 30_000 // 30 seconds */
  readonly timeoutMs?: number;
}

/** What a connection asks of the engine that made it. */
export interface ConnectionHost {
  readonly clock: Clock;
  readonly limits: Limits;
  subscribe(connection: LiveConnection, channel: string): Promise<void>;
  unsubscribe(connection: LiveConnection, channel: string): Promise<void>;
  encodingFailed(error: unknown): void;
}

/** The server has put a client into a channel, or taken it out. */
export type Move = Extract<Delivery, { readonly kind: "subscribed" | "unsubscribed" }>;

/** What makes a connection. */
export interface ConnectionStart {
  readonly id: string;
  readonly dialect: string;
  readonly handshake: Handshake;
  readonly encoder: Encoder;
  readonly wire: Wire;
}

/** What the engine knows of one live client. */
export class LiveConnection implements Connection {
  readonly id: string;
  readonly dialect: string;
  readonly handshake: Handshake;
  readonly encoder: Encoder;
  readonly wire: Wire;
  readonly subscriptions: Map<string, Subscription<LiveConnection>> = new Map();
  userId: string | undefined;
  info: unknown;
  /** When its identity ends, by the wall clock. */
  expiresAt: number | undefined;
  tokenId: string | undefined;
  /** Its place among all connections. */
  index = -1;
  /** The application has closed it, or revoked it: what it said before is not wanted either. */
  isDismissed = false;
  /** Among the connections of its user. */
  isCounted = false;
  /** Its wire has been gone for so long that others do not see it in channels with presence. */
  isAway = false;
  state: "opening" | "open" | "closed" = "opening";
  /** How often it may whisper; most connections never do. */
  whispers: TokenBucket | undefined;
  /** What its dialect does when the server puts it into a channel or takes it out, besides saying so. */
  moved: ((move: Move) => void) | undefined;
  readonly #host: ConnectionHost;
  #data: Map<string, unknown> | undefined;
  #sender: Sender | undefined;
  #requests: Requests | undefined;
  /** What waits for the welcome; most connections never have any. */
  #held: Packet[] | undefined;
  #starts: (() => void)[] | undefined;

  constructor(start: ConnectionStart, host: ConnectionHost) {
    this.id = start.id;
    this.dialect = start.dialect;
    this.handshake = start.handshake;
    this.encoder = start.encoder;
    this.wire = start.wire;
    this.#host = host;
  }

  /** An audience's seat leads to a connection; among all connections, this one is its own seat. */
  get connection(): this {
    return this;
  }

  get isOpen(): boolean {
    return this.state === "open";
  }

  get channels(): readonly string[] {
    return [...this.subscriptions.keys()];
  }

  get data(): ConnectionData<Record<string, unknown>> {
    return (this.#data ??= new Map<string, unknown>());
  }

  /** As others see it in what it publishes; made once, because it publishes often. */
  get sender(): Sender {
    return (this.#sender ??= this.userId === undefined ? { id: this.id } : { id: this.id, user: this.userId });
  }

  /** As others see it in a channel with presence. */
  get member(): Member {
    const user = this.userId ?? this.id;
    return this.info === undefined ? { user } : { user, info: this.info };
  }

  send(event: string, data?: unknown): void {
    checkEventName(event);
    this.deliver({ kind: "event", event, data });
  }

  request(event: string, data?: unknown, { timeoutMs = 30_000 }: RequestOptions = {}): Promise<unknown> {
    try {
      checkEventName(event);
      checkNumber("request", "timeoutMs", timeoutMs, 1);
      if (this.state === "closed") throw new CarillonError("connection-closed");
    } catch (error) {
      return Promise.reject(error);
    }
    const requests = (this.#requests ??= new Requests(this.#host.clock, this.#host.limits.pendingRequests));
    return requests.open(timeoutMs, (ref) => {
      try {
        const packet = this.encoder.encode({ kind: "request", ref, event, data });
        if (packet) this.#say(packet);
        else requests.reject(ref, new CarillonError("not-supported"));
      } catch (cause) {
        requests.reject(ref, new CarillonError("payload-invalid", { message: "the data could not be encoded", cause }));
      }
    });
  }

  /** What the client answered to a request. */
  answered(ref: number, data: unknown): void {
    this.#requests?.resolve(ref, data);
  }

  /** The client could not answer a request. */
  failed(ref: number, error: CarillonError): void {
    this.#requests?.reject(ref, error);
  }

  subscribe(channel: string): Promise<void> {
    return this.#host.subscribe(this, channel);
  }

  unsubscribe(channel: string): Promise<void> {
    return this.#host.unsubscribe(this, channel);
  }

  close(code: number = closeCodes.disconnected.code, reason = ""): void {
    checkClosing(code, reason);
    this.isDismissed = true;
    this.wire.close(code, reason);
  }

  /** Too much waits for it. */
  closeSlow(): void {
    this.wire.close(closeCodes.slow.code, closeCodes.slow.meaning);
  }

  /** @returns how long what it said is, in bytes, or characters of text. */
  deliver(delivery: Delivery): number {
    if (this.state === "closed") return 0;
    if (delivery.kind === "subscribed" || delivery.kind === "unsubscribed") this.moved?.(delivery);
    try {
      const packet = this.encoder.encode(delivery);
      if (!packet) return 0;
      this.#say(packet);
      return packet.reduce((length, frame) => length + frame.length, 0);
    } catch (error) {
      this.#host.encodingFailed(error);
      return 0;
    }
  }

  /** What middleware sent comes after the dialect's welcome. */
  open(): void {
    this.state = "open";
    const held = this.#held ?? [];
    const starts = this.#starts ?? [];
    this.#held = undefined;
    this.#starts = undefined;
    for (const packet of held) this.wire.send(packet);
    for (const start of starts) start();
  }

  /** Runs once the client has heard its welcome; at once when it has. */
  whenOpen(start: () => void): void {
    if (this.state === "opening") (this.#starts ??= []).push(start);
    else start();
  }

  end(): void {
    this.state = "closed";
    this.#held = undefined;
    this.#starts = undefined;
    this.#requests?.rejectAll(new CarillonError("connection-closed"));
  }

  #say(packet: Packet): void {
    if (this.state === "open") this.wire.send(packet);
    else if ((this.#held ??= []).push(packet) > this.#host.limits.heldDeliveries) {
      this.#held = [];
      this.closeSlow();
    }
  }
}
