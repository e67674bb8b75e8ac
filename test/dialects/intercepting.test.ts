import { expect, test } from "vitest";
import type { Frame } from "../../src/engine/ports/wire.ts";
import { settle } from "../bridge/setting.ts";

const channels = { "*": { publish: "subscribers" } } as const;

/** Its clients send what only the application can read. */
const opaque = "go-rtc-lib";

test("one interceptor sees, changes and drops what clients of every dialect publish, over every transport", async () => {
  const setting = await settle({ channels });
  const seen: unknown[] = [];
  setting.server.intercept((message) => {
    const text = JSON.stringify(message.data);
    if (!text.includes("secret") && !text.includes("rude")) return undefined;
    seen.push([message.action, message.channel]);
    if (text.includes("rude")) return false;
    message.data = JSON.parse(text.replaceAll("secret", "******")) as unknown;
    return undefined;
  });
  const speakers = setting.clients.filter((client) => client !== setting.guest);
  const dialects = new Set(speakers.map(({ name }) => name.split(",")[0]));
  expect(dialects).toEqual(new Set(["native", "socket.go", "go-ws", "rtbroadcaster", "ao-websockets", "go-rtc-lib"]));
  for (const speaker of speakers) {
    const say = async (text: string): Promise<void> => {
      const words = (data: unknown): Frame | undefined => speaker.words(setting.room, { event: "say", data });
      await speaker.send((words({ text }) ?? words([text]) ?? words(text))!);
      await speaker.settled();
    };
    await say("rude");
    await say("the secret is out");
    const others = [...(await setting.heard())].filter(([client]) => client !== speaker);
    for (const [{ name }, frames] of others) {
      expect(frames, `${speaker.name} to ${name}`).toHaveLength(1);
      expect(frames[0], `${speaker.name} to ${name}`).toContain("the ****** is out");
    }
    const own = speaker.name.startsWith(opaque) ? ["send", undefined] : ["publish", setting.room];
    expect(seen.splice(0), speaker.name).toEqual([own, own]);
  }
  expect(setting.server.stats().dropped).toBe(speakers.length);
}, 30_000);

test("what a client of any dialect says in a channel is intercepted once, and may be changed in place", async () => {
  const setting = await settle({ channels });
  const seen: unknown[] = [];
  setting.server.intercept((message) => {
    const { action, channel, data } = message;
    if (!JSON.stringify(data).includes("secret")) return;
    seen.push([action, channel]);
    if (typeof data === "string") message.data = data.replaceAll("secret", "secret ******");
    else if (Array.isArray(data)) data[0] = "a secret ******";
    else (data as { text: string }).text = "a secret ******";
  });
  for (const speaker of setting.clients.filter((client) => client !== setting.guest)) {
    const text = "a secret";
    const words = (data: unknown): Frame | undefined => speaker.words(setting.room, { event: "say", data });
    await speaker.send((words({ text }) ?? words([text]) ?? words(text))!);
    await speaker.settled();
    for (const [client, frames] of await setting.heard()) {
      if (client !== speaker) expect(frames.join(), `${speaker.name} to ${client.name}`).toContain("a secret ******");
      expect(frames.join(), `${speaker.name} to ${client.name}`).not.toContain("****** ******");
    }
    const once = speaker.name.startsWith(opaque) ? ["send", undefined] : ["publish", setting.room];
    expect(seen.splice(0), speaker.name).toEqual([once]);
  }
}, 30_000);
