import { createHash } from "node:crypto";
import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** A server that is under our control, and that answers whatever it is told to. */
export interface HostileServer {
  /** What a client would connect to. */
  readonly url: string;
  /** The first lines of what it was asked. */
  readonly asked: readonly string[];
  stop(): void;
}

/** @param answer is given every request head, and the socket to answer on */
export async function hostileServer(answer: (socket: Socket, head: string) => void): Promise<HostileServer> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    socket.once("data", (chunk: Buffer) => {
      const head = chunk.toString("latin1");
      asked.push(head.slice(0, head.indexOf("\r\n")));
      answer(socket, head);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/carillon`,
    asked,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** What a server says that agrees to a handshake; any of it may be wrong. */
export function switching(
  head: string,
  {
    accept = acceptOf(head),
    more = "Sec-WebSocket-Protocol: carillon.v1.json",
  }: { accept?: string; more?: string } = {},
): string {
  const headers = ["Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${accept}`, more];
  return `HTTP/1.1 101 Switching Protocols\r\n${headers.join("\r\n")}\r\n\r\n`;
}

/** @see RFC 6455, section 4.2.2 */
function acceptOf(head: string): string {
  const key = /^sec-websocket-key: (.*)\r$/im.exec(head)?.[1] ?? "";
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}
