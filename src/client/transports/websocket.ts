import { CarillonError } from "../../errors/carillon-error.ts";
import type { Link, LinkHandler, Transport } from "./transport.ts";

export interface WebSocketOptions {
  /**
   * Replaces the platform's own.
   *
   * @default globalThis.WebSocket
   */
  readonly WebSocket?: typeof WebSocket;
}

/** The transport over the platform's WebSocket. */
export function webSocket(options: WebSocketOptions = {}): Transport {
  return {
    name: "websocket",
    connect: ({ url, subprotocol, signal }) =>
      openLink(() => new (options.WebSocket ?? globalThis.WebSocket)(url, subprotocol), signal),
  };
}

/** Waits until a WebSocket is open, whoever made it. */
export function openLink(create: () => WebSocket, signal: AbortSignal): Promise<Link> {
  return new Promise((resolve, reject) => {
    // Without effect once it is open.
    const fail = (cause: unknown): void => {
      signal.removeEventListener("abort", abort);
      reject(new CarillonError("connect-failed", { cause }));
    };
    const abort = (): void => {
      socket.close();
      fail(signal.reason);
    };
    if (signal.aborted) return fail(signal.reason);
    const socket = create();
    const held: ((handler: LinkHandler) => void)[] = [];
    let deliver = (call: (handler: LinkHandler) => void): void => void held.push(call);
    signal.addEventListener("abort", abort);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      signal.removeEventListener("abort", abort);
      resolve({
        subprotocol: socket.protocol,
        get bufferedBytes() {
          return socket.bufferedAmount;
        },
        // The platform copies the bytes, so it does not matter what kind of buffer they are in.
        send: (frame) => socket.send(frame as string | Uint8Array<ArrayBuffer>),
        receive(handler) {
          deliver = (call) => call(handler);
          held.splice(0).forEach(deliver);
        },
        close: (code, reason) => socket.close(code, reason),
      });
    };
    socket.onmessage = ({ data }) =>
      deliver((handler) => handler.frame(typeof data === "string" ? data : new Uint8Array(data)));
    // Browsers give no cause; `ws` tells what the server answered instead of switching protocols. Node 22 says nothing else
    // when it could not connect.
    socket.onerror = (event) => fail((event as Partial<ErrorEvent>).error);
    socket.onclose = ({ code, reason }) => {
      fail(undefined);
      deliver((handler) => handler.closed(code, reason));
    };
  });
}
