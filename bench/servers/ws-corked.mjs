/*
 * `ws` tuned by somebody who measured: each socket is corked at its first message of a turn and uncorked at the turn's end.
 * node bench/servers/ws-corked.mjs PORT
 */
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { boundLifetime } from "./lifetime.ts";

const [port] = process.argv.slice(2);
const rooms = new Map();

boundLifetime();
const httpServer = createServer();
const server = new WebSocketServer({ noServer: true, perMessageDeflate: false });
httpServer.on("upgrade", (request, socket, head) => {
  server.handleUpgrade(request, socket, head, (member) => {
    const members = rooms.get(request.url) ?? new Map();
    rooms.set(request.url, members.set(member, socket));
    member.on("message", (data, isBinary) => {
      for (const [other, corked] of members) {
        if (corked.writableCorked === 0) {
          corked.cork();
          setImmediate(() => corked.uncork());
        }
        other.send(data, { binary: isBinary });
      }
    });
    member.on("error", () => undefined);
    member.on("close", () => {
      members.delete(member);
      if (members.size === 0) rooms.delete(request.url);
    });
  });
});
httpServer.listen({ port: Number(port), host: "127.0.0.1", backlog: 4096 });
