/*
 * `ws` as people use it, `send` to each member: node bench/servers/ws.mjs PORT [--compress]
 */
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { boundLifetime } from "./lifetime.ts";

const [port, ...flags] = process.argv.slice(2);
const perMessageDeflate = flags.includes("--compress") ? { threshold: 0 } : false;
const rooms = new Map();

boundLifetime();
const httpServer = createServer();
const server = new WebSocketServer({ server: httpServer, perMessageDeflate });
server.on("connection", (member, { url }) => {
  const members = rooms.get(url) ?? new Set();
  rooms.set(url, members.add(member));
  member.on("message", (data, isBinary) => {
    for (const other of members) if (other.readyState === 1) other.send(data, { binary: isBinary });
  });
  member.on("error", () => undefined);
  member.on("close", () => {
    members.delete(member);
    if (members.size === 0) rooms.delete(url);
  });
});
httpServer.listen({ port: Number(port), host: "127.0.0.1", backlog: 4096 });
