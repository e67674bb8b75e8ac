/*
 * A chat in terminals. Run it in two of them:
 *
 *   npm run example:chat -- Ada
 *   npm run example:chat -- Bob
 *
 * The first one starts the server and joins it, the others only join. `/roll` throws a die, `/who` lists who is there,
 * and an empty line leaves.
 */
import { createInterface } from "node:readline/promises";
import { CarillonError } from "carillon";
import { createClient } from "carillon/client";
import { createChat, room, type ChatEvents } from "./chat.ts";

const name = process.argv[2] ?? "somebody";
const port = Number(process.env["PORT"] ?? 8090);

const server = createChat();
try {
  await server.listen({ port, host: "127.0.0.1" });
  console.log(`(nobody was there; serving on port ${port})`);
} catch (error) {
  // Somebody serves already.
  if (!(error instanceof CarillonError && error.code === "listen-failed")) throw error;
}

const client = createClient<ChatEvents>(`ws://127.0.0.1:${port}/carillon?name=${encodeURIComponent(name)}`);
const channel = client.channel(room);
channel.on("chat", ({ text }, { from }) => console.log(from?.user ? `${from.user}: ${text}` : `* ${text}`));
channel.presence.on("join", ({ user }) => console.log(`* ${user} is here`));
channel.presence.on("leave", ({ user }) => console.log(`* ${user} has left`));
await channel.subscribe();
console.log(`* welcome, ${name}`);

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "") break;
  if (line === "/who") console.log(`* ${channel.presence.members.map(({ user }) => user).join(", ")}`);
  else if (line === "/roll") await client.request("roll", { sides: 6 });
  else await channel.publish("chat", { text: line });
}
await client.close();
await server.close();
// A pipe would keep the process waiting for more.
process.stdin.destroy();
