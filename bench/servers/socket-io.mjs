/*
 * Socket.IO with rooms, by WebSocket only: node bench/servers/socket-io.mjs PORT [--compress]
 */
import { createServer } from "node:http";
import { Server } from "socket.io";
import { boundLifetime } from "./lifetime.ts";

const [port, ...flags] = process.argv.slice(2);

boundLifetime();
const httpServer = createServer();
const server = new Server(httpServer, {
  transports: ["websocket"],
  serveClient: false,
  perMessageDeflate: flags.includes("--compress") ? { threshold: 0 } : false,
});
server.on("connection", (socket) => {
  socket.on("join", (room, joined) => {
    socket.data.room = room;
    void socket.join(room);
    joined();
  });
  socket.on("pub", (data) => server.to(socket.data.room).emit("m", data));
  socket.on("echo", (data, answer) => answer(data));
});
httpServer.listen({ port: Number(port), host: "127.0.0.1", backlog: 4096 });
