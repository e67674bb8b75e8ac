import { createServer, type Server } from "carillon";
import { socketGo, type SocketGo } from "carillon/dialects/socket-go";

export interface Chat {
  readonly server: Server;
  readonly chat: SocketGo;
}

/** What one chatter says in a room. */
interface Line {
  readonly room: string;
  readonly username: string;
  readonly message: string;
}

/** Rooms, as the chat of the original has them: whoever is in one hears what is said there, who comes and who goes. */
export function createChat(clock: () => number = Date.now): Chat {
  const chat = socketGo();
  const tell = (room: string, message: string): Promise<void> =>
    chat.broadcastToRoom(room, "system", { room, message, count: chat.in(room).length });

  chat.on("connect", (socket) => socket.send("system", { message: "Welcome!", online: chat.count() }));
  chat.on("join", async (socket, room) => {
    if (typeof room !== "string" || room === "") return socket.send("error", "Invalid room name");
    if (chat.roomsOf(socket.id).includes(room)) return;
    await chat.join(socket.id, room);
    await tell(room, "A user has joined the room");
  });
  chat.on("leave", async (socket, room) => {
    if (typeof room !== "string" || !chat.roomsOf(socket.id).includes(room)) return;
    chat.leave(socket.id, room);
    await tell(room, "A user has left the room");
  });
  chat.on("chat", async (socket, data) => {
    if (!isLine(data)) return socket.send("error", "A line has a room, a username and a message");
    const { room, username, message } = data;
    if (!chat.roomsOf(socket.id).includes(room)) return socket.send("error", "Join the room first");
    await chat.broadcastToRoom(room, "chat", { room, username, message, time: Math.floor(clock() / 1_000) });
  });
  chat.on("disconnect", async (socket) => {
    for (const room of chat.roomsOf(socket.id)) await tell(room, "A user has left the room");
  });
  return { chat, server: createServer({ endpoints: { "/socket": chat } }) };
}

function isLine(data: unknown): data is Line {
  const line = data as Partial<Line> | null | undefined;
  return [line?.room, line?.username, line?.message].every((text) => typeof text === "string");
}
