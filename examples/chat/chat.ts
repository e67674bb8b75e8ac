import { createServer, type Server } from "carillon";

/** What chatters and server say to each other. */
export interface ChatEvents {
  /** Published in the room. */
  chat: { text: string };
  /** Requested from the server: a roll of dice, which the server announces in the room. */
  roll: (dice: { sides: number }) => number;
}

export const room = "presence-room";

/** A chat server: everyone has a name, and the server alone throws the dice. */
export function createChat(random: () => number = Math.random): Server<ChatEvents, { name: string }> {
  const server = createServer<ChatEvents, { name: string }>({
    authenticate: ({ url }) => {
      const name = url.searchParams.get("name")?.trim().slice(0, 20);
      return name ? { userId: name, info: { name }, data: { name } } : undefined;
    },
  });
  server.on("roll", ({ connection, data, reply }) => {
    const rolled = 1 + Math.floor(random() * data.sides);
    reply(rolled);
    void server.channel(room).publish("chat", {
      text: `${connection.data.get("name")} rolls ${rolled} of ${data.sides}`,
    });
  });
  return server;
}
