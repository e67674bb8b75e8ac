import { CarillonError } from "../../errors/carillon-error.ts";
import { createHeld } from "./held.ts";
import { takeJoined } from "./joining.ts";
import type { Link, Transport, TransportRequest } from "./transport.ts";

/** How the transport over WebSockets connects. */
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
    connect: (request) =>
      openLink(() => new (options.WebSocket ?? globalThis.WebSocket)(request.url, request.codec.subprotocol), request),
  };
}

/** Waits until a WebSocket is open, whoever made it. */
export function openLink(create: () => WebSocket, { codec, signal }: TransportRequest): Promise<Link> {
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
    const held = createHeld();
    signal.addEventListener("abort", abort);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      signal.removeEventListener("abort", abort);
      resolve({
        subprotocol: socket.protocol,
        get bufferedBytes() {
          return socket.bufferedAmount;
        },
        send(frames, maxBytes) {
          const waiting = [...frames];
          // The platform copies the bytes, so it does not matter what kind of buffer they are in.
          while (waiting.length > 0)
            socket.send(takeJoined(waiting, codec, maxBytes) as string | Uint8Array<ArrayBuffer>);
        },
        receive: held.receive,
        close: (code, reason) => socket.close(code, reason),
      });
    };
    socket.onmessage = ({ data }) =>
      held.arrived((handler) => handler.frame(typeof data === "string" ? data : new Uint8Array(data)));
    // Browsers give no cause; `ws` tells what the server answered instead of switching protocols. Node 22 says nothing else
    // when it could not connect.
    socket.onerror = (event) => fail((event as Partial<ErrorEvent>).error);
    socket.onclose = ({ code, reason }) => {
      fail(undefined);
      held.arrived((handler) => handler.closed(code, reason));
    };
  });
}
