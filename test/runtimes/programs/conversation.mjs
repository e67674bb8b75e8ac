// Talks to the server at the given address with the built SDK, on whatever runtime this is, and prints what it heard.
import { createClient } from "../../../dist/client/index.js";
import { msgpackCodec } from "../../../dist/client/msgpack.js";

const [, , url, format] = process.argv;
const client = createClient(url, format === "msgpack" ? { codec: msgpackCodec() } : {});
const heard = [];
const greeted = new Promise((resolve) => {
  client.on("hello", resolve);
});
client.on("where", (_, { reply }) => reply({ page: "/start" }));
await client.connect();
heard.push(["greeted", await greeted]);

const lobby = client.channel("presence-lobby");
const received = new Promise((resolve) => {
  lobby.on("chat", resolve);
});
await lobby.subscribe();
await lobby.publish("chat", { text: "héllo" });
heard.push(["received", await received]);
heard.push(["members", lobby.presence.members.length]);
heard.push(["asked", await client.request("add", { a: 2, b: 3 })]);
heard.push(["was asked", await client.request("ask me")]);
heard.push(["refused", await client.request("nothing").catch(({ code }) => code)]);
await client.close();
console.log(JSON.stringify(heard));
