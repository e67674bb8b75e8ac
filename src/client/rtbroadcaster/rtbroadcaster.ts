import { objectsIn } from "../foreign/lines.ts";

/** Called with the parameters of an action. */
export type ActionFunction = (parameters: readonly unknown[]) => unknown;

/** What differs between platforms. */
export interface RTBroadcasterOptions {
  /**
   * Replaces the platform's own.
   *
   * @default globalThis.WebSocket
   */
  readonly WebSocket?: typeof WebSocket;
  /**
   * Where the room is read from: the value of `uuid` in it.
   *
   * @default the query of the page's address
   */
  readonly search?: string;
}

/**
 * The client of an rtbroadcaster server, with the members of the original.
 *
 * It connects at once: as the owner of a new room, or as a guest of the room that the page's address names (`?uuid=`). It does
 * not reconnect, because a room that has lost its owner gets no other.
 *
 * @example
 * ```ts
 * const room = new RTBroadcaster("wss://example.com/broadcast", (uuid) => console.log(`?uuid=${uuid}`));
 * room.subscribeFunc("draw", ([x, y]) => console.log(x, y));
 * ```
 */
export class RTBroadcaster {
  /** In a room that has not ended. */
  connected = false;
  /** It has made the room, or is about to. */
  isOwner = false;
  /** The room, once it is known. */
  uuid: string | undefined;
  readonly #functions = new Map<string, ActionFunction>();
  readonly #onConnection: ((uuid: string) => unknown) | undefined;
  readonly #onClose: (() => unknown) | undefined;
  readonly #socket: WebSocket | undefined;
  #isOver = false;

  /**
   * @param onConnectionCallback called once, with the room's UUID
   * @param openCallback called after the first message was sent
   * @param closeCallback called once, when the room or the connection has ended
   * @param errorCallback called when the platform has no WebSocket
   */
  constructor(
    url: string | URL,
    onConnectionCallback?: (uuid: string) => unknown,
    openCallback?: () => unknown,
    closeCallback?: () => unknown,
    errorCallback?: (text: string) => unknown,
    options: RTBroadcasterOptions = {},
  ) {
    this.#onConnection = onConnectionCallback;
    this.#onClose = closeCallback;
    const Socket = options.WebSocket ?? globalThis.WebSocket;
    if (!Socket) {
      errorCallback?.("this platform has no WebSocket");
      return;
    }
    const search = options.search ?? globalThis.location?.search ?? "";
    const room = new URLSearchParams(search).get("uuid") ?? "";
    const socket = new Socket(url);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.isOwner = room === "";
      const status = { value: this.isOwner ? 1 : 2, text: "new connection" };
      this.sendMessage(JSON.stringify({ uuid: room, status, funcKey: "", funcParams: [], stateMessage: false }));
      openCallback?.();
    };
    socket.onmessage = ({ data }) => {
      const frame = typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer);
      for (const message of objectsIn(frame, report)) this.#read(message);
    };
    socket.onclose = () => this.#end();
  }

  /** Calls the function with the parameters of every action of that name; it replaces the one before. */
  subscribeFunc(key: string, fn: ActionFunction): void {
    this.#functions.set(key, fn);
  }

  unsubscribeFunc(key: string): void {
    this.#functions.delete(key);
  }

  /** As the original spells {@link subscribeFunc}. */
  suscribeFunc(key: string, fn: ActionFunction): void {
    this.subscribeFunc(key, fn);
  }

  /** As the original spells {@link unsubscribeFunc}. */
  unsuscribeFunc(key: string): void {
    this.unsubscribeFunc(key);
  }

  /**
   * Has all guests call the function that they subscribed under `key`. The server ignores it from anyone but the owner.
   *
   * @param itsStateMessage guests that come later are told it too, until another one of the same key
   * @returns whether it was sent
   */
  sendAction(key: string, params: readonly unknown[], itsStateMessage = false): boolean {
    const { uuid } = this;
    const status = { value: 3, text: "connected" };
    return this.sendMessage(
      JSON.stringify({ uuid, status, funcKey: key, funcParams: params, stateMessage: itsStateMessage }),
    );
  }

  /** Sends a message as it is. @returns whether there was a text, and a connection that is open */
  sendMessage(text: string): boolean {
    if (!text || this.#socket?.readyState !== 1) return false;
    this.#socket.send(text);
    return true;
  }

  /** Ends the connection; as the owner, the room too. */
  close(): void {
    if (this.isOwner && this.connected) {
      const status = { value: 4, text: "close connection" };
      this.sendMessage(JSON.stringify({ uuid: this.uuid, status, funcKey: "", funcParams: [], stateMessage: false }));
    }
    this.#socket?.close(1000);
  }

  #read({ uuid, status, funcKey, funcParams }: Readonly<Record<string, unknown>>): void {
    const value = (status as { readonly value?: unknown } | null | undefined)?.value;
    // A room that could not be joined is answered with the name that was sent, which may be empty.
    if (value === 0) return this.#end();
    if (typeof uuid !== "string" || uuid === "") return;
    this.uuid = uuid;
    if (value !== 3) return;
    if (!this.connected && !this.#isOver) {
      this.connected = true;
      guarded(() => this.#onConnection?.(uuid));
    }
    const subscribed = typeof funcKey === "string" ? this.#functions.get(funcKey) : undefined;
    if (subscribed) guarded(() => subscribed(Array.isArray(funcParams) ? funcParams : []));
  }

  #end(): void {
    this.connected = false;
    if (this.#isOver) return;
    this.#isOver = true;
    guarded(() => this.#onClose?.());
  }
}

/** What one callback throws keeps no other message from being read. */
function guarded(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    report(error);
  }
}

/** As the platform reports what is thrown in an event listener; Node has no such thing. */
function report(error: unknown): void {
  globalThis.reportError?.(error);
}
