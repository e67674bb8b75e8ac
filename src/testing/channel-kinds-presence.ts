import { deepStrictEqual, ok } from "node:assert/strict";
import type { DeclareKind } from "./channel-kinds-scene.ts";

const room = { room: { presence: true } } as const;

/** Who is known to be in a channel, and who is told of comings and goings. */
export function presenceContract(declare: DeclareKind): void {
  declare("presence: who joins is told who is there, itself included", ["presence"], room, async (scene) => {
    await scene.client("ada", "room");
    const bob = await scene.client("bob", "room");
    await scene.knows(bob, "room", "ada", "bob");
    deepStrictEqual(
      scene.server
        .channel("room")
        .members.map(({ user }) => user)
        .toSorted(),
      ["ada", "bob"],
    );
  });

  declare("presence: the others are told who comes and who goes, once each", ["presence"], room, async (scene) => {
    const ada = await scene.client("ada", "room");
    const bob = await scene.client("bob", "room");
    await scene.knows(ada, "room", "ada", "bob");
    await bob.leave("room");
    deepStrictEqual(await scene.movesOf(ada, "room"), ["+bob", "-bob"]);
    await scene.knows(ada, "room", "ada");
  });

  declare(
    "presence: a user with two clients comes with the first and goes with the last",
    ["presence"],
    room,
    async (scene) => {
      const ada = await scene.client("ada", "room");
      const [bob, alsoBob] = [await scene.client("bob", "room"), await scene.client("bob", "room")];
      deepStrictEqual(await scene.movesOf(ada, "room"), ["+bob"]);
      await bob.leave("room");
      deepStrictEqual(await scene.movesOf(ada, "room"), ["+bob"]);
      await scene.knows(ada, "room", "ada", "bob");
      await alsoBob.leave("room");
      deepStrictEqual(await scene.movesOf(ada, "room"), ["+bob", "-bob"]);
    },
  );

  declare("presence: a client that closes has left", ["presence"], room, async (scene) => {
    const ada = await scene.client("ada", "room");
    const bob = await scene.client("bob", "room");
    await bob.close();
    await scene.knows(ada, "room", "ada");
    deepStrictEqual(await scene.movesOf(ada, "room"), ["+bob", "-bob"]);
  });

  declare("presence: a client that dies has left, once, within the deadline", ["presence"], room, async (scene) => {
    const ada = await scene.client("ada", "room");
    const bob = await scene.client("bob", "room");
    await scene.knows(ada, "room", "ada", "bob");
    await bob.drop();
    await scene.knows(ada, "room", "ada");
    deepStrictEqual(await scene.movesOf(ada, "room"), ["+bob", "-bob"]);
    deepStrictEqual(
      scene.server.channel("room").members.map(({ user }) => user),
      ["ada"],
    );
  });

  declare("presence: who is not there is told nothing of it", ["presence"], room, async (scene) => {
    const eve = await scene.client("eve", "elsewhere");
    const ada = await scene.client("ada", "room");
    await ada.leave("room");
    deepStrictEqual(await scene.heardOf(eve, "room"), []);
  });

  declare(
    "presence: who is refused is not seen, and sees nobody",
    ["presence", "private"],
    { "private-room": { presence: true, authorize: ({ connection }) => connection.userId !== "eve" } },
    async (scene) => {
      const ada = await scene.client("ada", "private-room");
      const eve = await scene.client("eve");
      ok(
        await eve.join("private-room").then(
          () => false,
          () => true,
        ),
      );
      await scene.client("bob", "private-room");
      deepStrictEqual(await scene.movesOf(ada, "private-room"), ["+bob"]);
      deepStrictEqual(await scene.heardOf(eve, "private-room"), []);
    },
  );
}
