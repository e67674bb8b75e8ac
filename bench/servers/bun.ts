/*
 * Bun's own publish and subscribe (uWebSockets inside): bun bench/servers/bun.ts PORT [--compress]
 */
import { boundLifetime } from "./lifetime.ts";

interface BunSocket {
  readonly data: { readonly room: string };
  subscribe(topic: string): void;
}

interface BunServer {
  upgrade(request: Request, options: { readonly data: BunSocket["data"] }): boolean;
  publish(topic: string, message: string | Uint8Array, compress: boolean): number;
}

declare const Bun: {
  serve(options: {
    readonly port: number;
    readonly hostname: string;
    fetch(request: Request, server: BunServer): Response | undefined;
    readonly websocket: {
      readonly perMessageDeflate: boolean;
      open(socket: BunSocket): void;
      message(socket: BunSocket, message: string | Uint8Array): void;
    };
  }): BunServer;
};

const [port, ...flags] = process.argv.slice(2);
const compress = flags.includes("--compress");

boundLifetime();
const server = Bun.serve({
  port: Number(port),
  hostname: "127.0.0.1",
  fetch(request, serving) {
    const upgraded = serving.upgrade(request, { data: { room: new URL(request.url).pathname } });
    return upgraded ? undefined : new Response("a WebSocket, please", { status: 426 });
  },
  websocket: {
    perMessageDeflate: compress,
    open: (socket) => socket.subscribe(socket.data.room),
    message: (socket, message) => void server.publish(socket.data.room, message, compress),
  },
});
