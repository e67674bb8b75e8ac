import { deepStrictEqual, rejects } from "node:assert/strict";
import type { KindsClient } from "./channel-kinds-driver.ts";
import type { DeclareKind, Scene } from "./channel-kinds-scene.ts";

const board = { board: { state: true } } as const;

/** What a channel keeps for those who come later. */
export function stateContract(declare: DeclareKind): void {
  declare(
    "state: who comes later is told the last values, in the order of their writes",
    ["state"],
    board,
    async (scene) => {
      const channel = scene.server.channel("board");
      await channel.publish("set", "a1", { stateKey: "a" });
      await channel.publish("set", "b1", { stateKey: "b" });
      await channel.publish("set", "a2", { stateKey: "a" });
      const late = await scene.client("ada", "board");
      deepStrictEqual(await valuesOf(scene, late), ["b1", "a2"]);
    },
  );

  declare("state: it comes before anything newer, and each value once", ["state"], board, async (scene) => {
    const channel = scene.server.channel("board");
    for (const key of ["a", "b"]) await channel.publish("set", `${key}1`, { stateKey: key });
    const late = await scene.client("ada");
    const joining = late.join("board");
    // Some of it before the client is in the channel, and some after.
    for (let number = 2; number < 12; number += 1) await channel.publish("set", `a${number}`, { stateKey: "a" });
    await joining;
    await channel.publish("set", "a12", { stateKey: "a" });
    const values = await valuesOf(scene, late);
    deepStrictEqual(values.filter((value) => value === "b1").length, 1);
    const numbers = values.filter((value) => value.startsWith("a")).map((value) => Number(value.slice(1)));
    const first = numbers[0]!;
    deepStrictEqual(
      numbers,
      Array.from({ length: 13 - first }, (_, index) => first + index),
    );
  });

  declare("state: who is there hears it live, once", ["state"], board, async (scene) => {
    const ada = await scene.client("ada", "board");
    await scene.server.channel("board").publish("set", "a1", { stateKey: "a" });
    deepStrictEqual(await valuesOf(scene, ada), ["a1"]);
  });

  declare("state: a value without data is gone, and what has no key is not kept", ["state"], board, async (scene) => {
    const channel = scene.server.channel("board");
    for (const key of ["a", "b"]) await channel.publish("set", `${key}1`, { stateKey: key });
    await channel.publish("set", undefined, { stateKey: "a" });
    await channel.publish("set", "passing");
    const late = await scene.client("ada", "board");
    deepStrictEqual(await valuesOf(scene, late), ["b1"]);
  });

  declare("state: nothing is left of it when it was cleared", ["state"], board, async (scene) => {
    const channel = scene.server.channel("board");
    await channel.publish("set", "a1", { stateKey: "a" });
    await channel.clearState();
    await channel.publish("set", "b1", { stateKey: "b" });
    const late = await scene.client("ada", "board");
    deepStrictEqual(await valuesOf(scene, late), ["b1"]);
  });

  declare(
    "state: who is refused is told none of it",
    ["state", "private"],
    { "private-board": { state: true } },
    async (scene) => {
      await scene.server.channel("private-board").publish("set", "secret", { stateKey: "a" });
      const eve = await scene.client("eve");
      await rejects(eve.join("private-board"));
      deepStrictEqual(await scene.heardOf(eve, "private-board"), []);
    },
  );
}

async function valuesOf(scene: Scene, client: KindsClient): Promise<readonly string[]> {
  return (await scene.dataOf(client, "board", "set")).map(String);
}
