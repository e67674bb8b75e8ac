import { describe, expect, test } from "vitest";
import type { ServerOptions } from "../../src/index.ts";
import { root } from "../documentation/pages.ts";
import { shown } from "./clients/client.ts";
import { nativeOverWebSocket } from "./clients/native.ts";
import { actionText } from "./clients/rtbroadcaster.ts";
import { blockOf, pagePath, pageWith, type Heard } from "./page.ts";
import { settle, type Setting } from "./setting.ts";

/** Whoever is in the room may publish there, and not its owner alone. */
const open: ServerOptions = { channels: { "*": { publish: "subscribers" } } };

const kinds: Readonly<Record<string, unknown>> = {
  object: { text: "hi" },
  "list of texts": ["a", "b"],
  list: ["a", 1],
  text: "hi",
  number: 7,
  bytes: new Uint8Array([1, 2, 3]),
  nothing: undefined,
};

const event = "move";

/** Everyone sees who is there, and may whisper. */
const social: ServerOptions = { channels: { "*": { publish: "subscribers", presence: true, whispers: true } } };

describe("the bridge", () => {
  test("what a client of any dialect publishes, over any transport, everyone else in the room is told once, in these bytes", async ({
    annotate,
  }) => {
    const setting = await settle(open);
    const blocks = new Map<string, string>();
    const show = (name: string, block: string): void => {
      // Over each of its transports a dialect says the same, and others are told the same.
      expect(block, name).toBe(blocks.get(name) ?? block);
      blocks.set(name, block);
    };
    for (const client of setting.clients) {
      const said = Object.entries(kinds).flatMap(([kind, data]) => {
        const words = client.words(setting.room, { event, data });
        return words === undefined ? [] : [{ kind, words }];
      });
      expect(said.length > 0, client.name).toBe(client !== setting.guest);
      for (const [index, { kind, words }] of said.entries()) {
        const heard = await heardOf(setting, () => client.send(words));
        for (const { name, frames } of heard) {
          const isOwnerItself = client === setting.owner && name === client.name;
          expect(frames, `${client.name} says ${kind}, and ${name}`).toHaveLength(isOwnerItself ? 0 : 1);
        }
        const dialect = client.name.split(",")[0]!;
        const block = blockOf(setting.room, { name: dialect, frames: [shown(words)] }, heard);
        if (index === 0) show(dialect, block);
        else if (dialect === "native") show(kind, block);
      }
    }
    for (const [name, block] of await socialBlocks()) show(name, block);
    for (const [name, block] of blocks) await annotate(block, name);
    await expect(pageWith(blocks)).toMatchFileSnapshot(root + pagePath);
  });

  test("the server's own publications reach all, once", async () => {
    const setting = await settle();
    for (const data of Object.values(kinds)) {
      const heard = await heardOf(
        setting,
        async () => void (await setting.server.channel(setting.room).publish(event, data)),
      );
      expect(heard.map(({ frames }) => frames.length)).toEqual(setting.clients.map(() => 1));
    }
  });

  test("when all publish at once, everyone is told everything in one order, and each speaker's words in theirs", async () => {
    const setting = await settle(open);
    const { clients, guest, room, server } = setting;
    const speakers = clients.filter((client) => client !== guest);
    const count = 40;
    const order: string[] = [];
    const all = Promise.withResolvers<void>();
    const stop = await server.channel(room).subscribe(({ data }) => {
      if (order.push(markIn(JSON.stringify(data))) === count * speakers.length) all.resolve();
    });
    await Promise.all(
      speakers.map(async (client, speaker) => {
        for (let number = 0; number < count; number += 1) {
          const text = `speaker ${speaker} number ${number}.`;
          const said = [{ text }, [text], text].map((data) => client.words(room, { event, data }));
          await client.send(said.find((words) => words !== undefined)!);
        }
      }),
    );
    await all.promise;
    await stop();
    const heard = await setting.heard();
    for (const [client, frames] of heard) {
      const own = client === setting.owner ? `speaker ${speakers.indexOf(client)} ` : "nobody";
      expect(frames.map(markIn), client.name).toEqual(order.filter((mark) => !mark.startsWith(own)));
    }
    const numbers = Array.from({ length: count }, (_, number) => number);
    for (const speaker of speakers.keys()) {
      const spoken = order.filter((mark) => mark.startsWith(`speaker ${speaker} `));
      expect(spoken).toEqual(numbers.map((number) => `speaker ${speaker} number ${number}.`));
    }
  });

  test("without a rule that lets them, only the owner publishes, and the others are refused in their own words", async () => {
    const setting = await settle();
    const { clients, owner, room } = setting;
    const answers = new Map<string, readonly string[]>();
    for (const client of clients) {
      if (client === owner) continue;
      const said = Object.values(kinds).map((data) => client.words(room, { event, data }));
      await client.send(said.find((words) => words !== undefined) ?? actionText(room, event));
      answers.set(
        client.name,
        (await client.settled()).map((frame) => frame.replaceAll(room, "…")),
      );
    }
    expect(Object.fromEntries(answers)).toMatchInlineSnapshot(`
      {
        "ao-websockets": [
          "{"e":"channel:refused","p":{"channel":"…","event":"move","code":"forbidden","message":"only the owner publishes here"}}
      ",
        ],
        "go-rtc-lib": [],
        "go-ws": [
          "{"type":"error","error":"only the owner publishes here","channel":"…"}",
        ],
        "native, WebSocket": [
          "{"type":"error","code":"forbidden","message":"only the owner publishes here"}",
        ],
        "native, event stream": [
          "{"type":"error","code":"forbidden","message":"only the owner publishes here"}",
        ],
        "native, long-polling": [
          "{"type":"error","code":"forbidden","message":"only the owner publishes here"}",
        ],
        "rtbroadcaster, guest": [],
        "socket.go, WebSocket": [
          "{"event":"error","data":{"code":"command_failed","message":"only the owner publishes here"}}",
        ],
        "socket.go, polling": [
          "{"event":"error","data":{"code":"command_failed","message":"only the owner publishes here"}}",
        ],
      }
    `);
    const heard = await heardOf(setting, () => owner.send(owner.words(room, { event, data: ["mine"] })!));
    for (const { name, frames } of heard) expect(frames.length, name).toBe(name === owner.name ? 0 : 1);
  });
});

/** What everyone is told when a native client comes into the room, whispers there, and goes. */
async function socialBlocks(): Promise<ReadonlyMap<string, string>> {
  const { clients, room, heard, server, url } = await settle(social);
  const friend = await nativeOverWebSocket(url);
  const gone = new Promise((resolve) => void server.on("disconnect", resolve));
  const whisper = JSON.stringify({ type: "whisper", channel: room, event: "typing", data: { on: true } });
  const deeds: Readonly<Record<string, readonly [words: string, does: () => Promise<unknown>]>> = {
    join: [JSON.stringify({ type: "subscribe", ref: 1, channel: room }), () => friend.join(room)],
    whisper: [whisper, () => friend.send(whisper).then(() => friend.settled())],
    leave: ["(its socket closes)", () => Promise.all([gone, friend.leave()])],
  };
  const blocks = new Map<string, string>();
  for (const [name, [words, does]] of Object.entries(deeds)) {
    await does();
    const told = Array.from(await heard(), ([client, frames]) => ({ name: client.name, frames }));
    expect(told.map(({ frames }) => frames.length <= 1)).toEqual(clients.map(() => true));
    blocks.set(name, blockOf(room, { name: "native", frames: [words] }, told));
  }
  return blocks;
}

/** What everyone is told of one publication. */
async function heardOf({ server, room, heard }: Setting, publish: () => Promise<void>): Promise<readonly Heard[]> {
  const published = Promise.withResolvers<void>();
  const stop = await server.channel(room).subscribe(() => published.resolve());
  await publish();
  await published.promise;
  await stop();
  return Array.from(await heard(), ([{ name }, frames]) => ({ name, frames }));
}

/** What a speaker said, wherever in a frame it stands. */
function markIn(text: string): string {
  return /speaker \d+ number \d+\./.exec(text)![0];
}
