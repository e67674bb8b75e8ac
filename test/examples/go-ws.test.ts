import { describe, expect, onTestFinished, test } from "vitest";
import { createHall } from "../../examples/go-ws/hub.ts";
import { expectPage, startExample } from "./one-command.ts";
import { Speaker } from "./speaker.ts";

async function hall(): Promise<(name: string) => Promise<Speaker>> {
  const { server } = createHall();
  const { port } = await server.listen({ host: "127.0.0.1" });
  onTestFinished(() => server.close({ timeoutMs: 100 }));
  return (name) => Speaker.open(`http://127.0.0.1:${port}/ws?token=${name}`);
}

describe("examples/go-ws", () => {
  test("everyone sees who is there, and hears what is said and who is typing", async () => {
    const open = await hall();
    const [ada, bob] = [await open("ada"), await open("bob")];
    ada.say({ action: "subscribe", channel: "presence-hall" });
    expect(await ada.hears()).toMatchObject({ event: "presence:join", users: [{ user_id: "ada" }] });
    bob.say({ action: "subscribe", channel: "presence-hall" });
    const both = {
      event: "presence:join",
      data: { metadata: { name: "bob" } },
      users: [{ user_id: "ada" }, { user_id: "bob" }],
    };
    expect([await ada.hears(), await bob.hears()]).toMatchObject([both, both]);
    bob.say({ action: "whisper", channel: "presence-hall", event: "shout", data: {} });
    bob.say({ action: "whisper", channel: "presence-hall", event: "typing", data: {} });
    expect(await ada.hears()).toMatchObject({ type: "whisper", event: "typing", user_id: "bob" });
    bob.socket.close();
    expect(await ada.hears()).toMatchObject({ event: "presence:leave", users: [{ user_id: "ada" }] });
  });

  test("whoever is mentioned is told so, in a channel that nobody else gets into", async () => {
    const open = await hall();
    const [ada, bob] = [await open("ada"), await open("bob")];
    bob.say({ action: "subscribe", channel: "private-ada" });
    expect(await bob.hears()).toEqual({ type: "error", error: "unauthorized", channel: "private-ada" });
    ada.say({ action: "subscribe", channel: "private-ada" });
    bob.say({ action: "subscribe", channel: "chat" });
    // An answer from Ada's connection shows that she is in.
    ada.say({ action: "broadcast", channel: "chat" });
    await ada.hears();
    bob.say({ action: "broadcast", channel: "chat", event: "line", data: { text: "hi @ada" } });
    expect(await bob.hears()).toMatchObject({ event: "line", user_id: "bob", data: { text: "hi @ada" } });
    expect(await ada.hears()).toMatchObject({ event: "note", sender_id: "hall", data: { text: "bob mentions you" } });
  });

  test("one command serves the page, and what it connects to", async () => {
    const url = await startExample("go-ws");
    await expectPage(url);
    const ada = await Speaker.open(`${url}/ws?token=ada`);
    ada.say({ action: "subscribe", channel: "presence-hall" });
    expect(await ada.hears()).toMatchObject({ event: "presence:join" });
  });
});
