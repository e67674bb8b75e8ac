import { describe, expect, onTestFinished, test } from "vitest";
import { createChat } from "../../examples/socket-go/chat.ts";
import { expectPage, startExample } from "./one-command.ts";
import { Speaker } from "./speaker.ts";

const welcome = (online: number) => ({ event: "system", data: { message: "Welcome!", online } });
const joined = (room: string, count: number) => ({
  event: "system",
  data: { room, message: "A user has joined the room", count },
});
const left = (room: string, count: number) => ({
  event: "system",
  data: { room, message: "A user has left the room", count },
});

describe("examples/socket-go", () => {
  test("those in a room hear what is said there, who comes and who goes; nobody else does", async () => {
    const { server } = createChat(() => 5_999);
    const { port } = await server.listen({ host: "127.0.0.1" });
    onTestFinished(() => server.close({ timeoutMs: 100 }));
    const url = `http://127.0.0.1:${port}/socket`;
    const ada = await Speaker.open(url);
    expect(await ada.hears()).toEqual(welcome(1));
    const bob = await Speaker.open(url);
    expect(await bob.hears()).toEqual(welcome(2));
    ada.say({ event: "join", data: "r" });
    expect(await ada.hears()).toEqual(joined("r", 1));
    // Once more is nothing new, and nobody is told.
    ada.say({ event: "join", data: "r" });
    const line = { room: "r", username: "Bob", message: "<hi>" };
    bob.say({ event: "chat", data: line });
    expect(await bob.hears()).toEqual({ event: "error", data: "Join the room first" });
    bob.say({ event: "join", data: "r" });
    expect([await ada.hears(), await bob.hears()]).toEqual([joined("r", 2), joined("r", 2)]);
    bob.say({ event: "chat", data: line });
    const told = { event: "chat", data: { ...line, time: 5 } };
    expect([await ada.hears(), await bob.hears()]).toEqual([told, told]);
    bob.say({ event: "leave", data: "r" });
    expect(await ada.hears()).toEqual(left("r", 1));
    bob.say({ event: "join", data: "r" });
    expect(await ada.hears()).toEqual(joined("r", 2));
    bob.socket.close();
    expect(await ada.hears()).toEqual(left("r", 1));
  });

  test("what makes no sense is answered", async () => {
    const { server } = createChat();
    const { port } = await server.listen({ host: "127.0.0.1" });
    onTestFinished(() => server.close({ timeoutMs: 100 }));
    const ada = await Speaker.open(`http://127.0.0.1:${port}/socket`);
    await ada.hears();
    ada.say({ event: "join", data: 5 });
    expect(await ada.hears()).toEqual({ event: "error", data: "Invalid room name" });
    ada.say({ event: "chat", data: null });
    expect(await ada.hears()).toEqual({ event: "error", data: "A line has a room, a username and a message" });
  });

  test("one command serves the page, and what it connects to", async () => {
    const url = await startExample("socket-go");
    await expectPage(url);
    expect(await (await Speaker.open(`${url}/socket`)).hears()).toEqual(welcome(1));
  });
});
