import { deepStrictEqual } from "node:assert/strict";
import type { DeclareKind } from "./channel-kinds-scene.ts";

const room = { room: { whispers: true } } as const;

/** Who hears what a client says to the others in a channel. */
export function whispersContract(declare: DeclareKind): void {
  declare(
    "whispers: the others in the channel hear it, once, and the sender does not",
    ["whispers"],
    room,
    async (scene) => {
      const [ada, bob] = [await scene.client("ada", "room"), await scene.client("bob", "room")];
      const [eve, carl] = [await scene.client("eve", "elsewhere"), await scene.client("carl", "room")];
      ada.whisper!("room", "typing", { on: true });
      await scene.settle(ada);
      for (const client of [bob, carl]) {
        deepStrictEqual(
          (await scene.heardOf(client, "room")).map(({ kind, event, data }) => [kind, event, data]),
          [["whisper", "typing", { on: true }]],
        );
      }
      for (const client of [ada, eve]) deepStrictEqual(await scene.dataOf(client, "room", "typing"), []);
    },
  );

  declare("whispers: who comes later does not hear it", ["whispers"], room, async (scene) => {
    const [ada, bob] = [await scene.client("ada", "room"), await scene.client("bob", "room")];
    ada.whisper!("room", "typing", 1);
    await scene.until("the whisper", () => bob.heard().some(({ kind }) => kind === "whisper"));
    const late = await scene.client("eve", "room");
    deepStrictEqual(await scene.dataOf(late, "room", "typing"), []);
  });

  declare("whispers: who is not in the channel is not heard", ["whispers"], room, async (scene) => {
    const [ada, eve] = [await scene.client("ada", "room"), await scene.client("eve", "elsewhere")];
    eve.whisper!("room", "typing", 1);
    await scene.settle(eve);
    deepStrictEqual(await scene.heardOf(ada, "room"), []);
  });

  declare(
    "whispers: where the rule has none, nobody is heard",
    ["whispers"],
    { quiet: { whispers: false } },
    async (scene) => {
      const [ada, eve] = [await scene.client("ada", "quiet"), await scene.client("eve", "quiet")];
      eve.whisper!("quiet", "typing", 1);
      await scene.settle(eve);
      deepStrictEqual(await scene.heardOf(ada, "quiet"), []);
    },
  );
}
