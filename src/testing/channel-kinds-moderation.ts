import { deepStrictEqual } from "node:assert/strict";
import type { DeclareKind } from "./channel-kinds-scene.ts";

/** The server closes channels, takes users out, and disconnects them. */
export function moderationContract(declare: DeclareKind): void {
  declare(
    "moderation: a channel that is closed has nobody in it, and may be joined again",
    ["public"],
    {},
    async (scene) => {
      const [ada, bob] = [await scene.client("ada", "news"), await scene.client("bob", "news")];
      await scene.server.channel("news").publish("tick", 1);
      for (const client of [ada, bob]) await scene.settle(client);
      await scene.server.channel("news").close();
      await scene.server.channel("news").publish("tick", 2);
      for (const client of [ada, bob]) await scene.settle(client);
      await ada.join("news");
      await scene.server.channel("news").publish("tick", 3);
      deepStrictEqual(await scene.dataOf(ada, "news", "tick"), [1, 3]);
      deepStrictEqual(await scene.dataOf(bob, "news", "tick"), [1]);
    },
  );

  declare(
    "moderation: a user that is removed is out with all its clients, and the others stay",
    ["public"],
    {},
    async (scene) => {
      const ada = await scene.client("ada", "news");
      const bobs = [await scene.client("bob", "news"), await scene.client("bob", "news")];
      await scene.server.channel("news").remove("bob");
      await scene.server.channel("news").publish("tick", 1);
      deepStrictEqual(await scene.dataOf(ada, "news", "tick"), [1]);
      for (const bob of bobs) deepStrictEqual(await scene.dataOf(bob, "news", "tick"), []);
    },
  );

  declare(
    "moderation: a user that is removed is seen to leave",
    ["presence"],
    { room: { presence: true } },
    async (scene) => {
      const ada = await scene.client("ada", "room");
      await scene.client("bob", "room");
      await scene.server.channel("room").remove("bob");
      deepStrictEqual(await scene.movesOf(ada, "room"), ["+bob", "-bob"]);
      await scene.knows(ada, "room", "ada");
    },
  );

  declare("moderation: a user that is disconnected is gone with all its clients", ["public"], {}, async (scene) => {
    const { server } = scene;
    const ada = await scene.client("ada", "news");
    for (let count = 0; count < 2; count += 1) await scene.client("bob", "news");
    const users = (): readonly (string | undefined)[] => server.connections.map(({ userId }) => userId);
    await server.disconnectUser("bob");
    await scene.until("ada alone", () => users().join() === "ada");
    await server.channel("news").publish("tick", 1);
    deepStrictEqual(await scene.dataOf(ada, "news", "tick"), [1]);
  });
}
