import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A connection to the server behind this address, for what no HTTP client would write. */
export async function dial(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** Everything that comes until the other side ends the connection, or until it fits. */
export async function readUntil(socket: Socket, fits?: RegExp): Promise<string> {
  let text = "";
  try {
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      text += (chunk as Buffer).toString("latin1");
      if (fits?.test(text)) break;
    }
  } catch {
    // A reset is an end, too.
  }
  return text;
}

/** Writes these bytes, and reads until the other side ends the connection. */
export async function converse(url: string, bytes: string | Uint8Array): Promise<string> {
  const socket = await dial(url);
  socket.write(bytes);
  const text = await readUntil(socket);
  socket.destroy();
  return text;
}

/** A request head as it goes over the wire. */
export function headOf(line: string, headers: readonly string[]): string {
  return `${[line, ...headers].join("\r\n")}\r\n\r\n`;
}
