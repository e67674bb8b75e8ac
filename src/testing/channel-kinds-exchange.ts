import { deepStrictEqual, rejects } from "node:assert/strict";
import type { DeclareKind } from "./channel-kinds-scene.ts";

const isAda = ({ connection }: { readonly connection: { readonly userId: string | undefined } }): boolean =>
  connection.userId === "ada";

/** Who hears what is published, and who may publish: in public, private, owned and server-only channels. */
export function exchangeContract(declare: DeclareKind): void {
  declare(
    "public: every subscriber hears what the server publishes, once and in order",
    ["public"],
    {},
    async (scene) => {
      const clients = [await scene.client("ada", "news"), await scene.client("bob", "news")];
      const numbers = Array.from({ length: 50 }, (_, number) => number);
      // Not awaited one by one: the calls are in order, and that is the order.
      await Promise.all(numbers.map((number) => scene.server.channel("news").publish("tick", number)));
      for (const client of clients) deepStrictEqual(await scene.dataOf(client, "news", "tick"), numbers);
    },
  );

  declare(
    "public: every subscriber hears what a client publishes, once and in order",
    ["public", "publishing"],
    {},
    async (scene) => {
      const clients = [await scene.client("ada", "news"), await scene.client("bob", "news")];
      const numbers = Array.from({ length: 20 }, (_, number) => number);
      for (const number of numbers) await clients[0]!.publish!("news", "tick", number);
      deepStrictEqual(await scene.dataOf(clients[1]!, "news", "tick"), numbers);
    },
  );

  declare("public: nobody else hears of it", ["public"], {}, async (scene) => {
    await scene.client("ada", "news");
    const eve = await scene.client("eve", "other");
    await scene.server.channel("news").publish("tick", 1);
    deepStrictEqual(await scene.heardOf(eve, "news"), []);
    deepStrictEqual(await scene.heardOf(eve, "other"), []);
  });

  declare("public: who has left hears nothing more, and who comes back does", ["public"], {}, async (scene) => {
    const ada = await scene.client("ada", "news");
    await scene.server.channel("news").publish("tick", 1);
    await scene.settle(ada);
    await ada.leave("news");
    await scene.server.channel("news").publish("tick", 2);
    await ada.join("news");
    await scene.server.channel("news").publish("tick", 3);
    deepStrictEqual(await scene.dataOf(ada, "news", "tick"), [1, 3]);
  });

  declare("private: nobody is let in without a rule that says so", ["private"], {}, async (scene) => {
    const eve = await scene.client("eve");
    await rejects(eve.join("private-a"));
    await scene.server.channel("private-a").publish("secret", 1);
    deepStrictEqual(await scene.heardOf(eve, "private-a"), []);
  });

  declare(
    "private: each one is asked about, whoever was let in before",
    ["private"],
    { "private-*": { authorize: isAda } },
    async (scene) => {
      const [ada, eve] = [await scene.client("ada"), await scene.client("eve")];
      await rejects(eve.join("private-a"));
      await ada.join("private-a");
      await rejects(eve.join("private-a"));
      await scene.server.channel("private-a").publish("secret", 1);
      deepStrictEqual(await scene.dataOf(ada, "private-a", "secret"), [1]);
      deepStrictEqual(await scene.heardOf(eve, "private-a"), []);
    },
  );

  declare(
    "private: who is refused cannot publish either, and nobody hears it",
    ["private", "publishing"],
    { "private-*": { publish: "anyone", authorize: isAda } },
    async (scene) => {
      const [ada, eve] = [await scene.client("ada", "private-a"), await scene.client("eve")];
      await rejects(eve.publish!("private-a", "forged", 1));
      await ada.publish!("private-a", "secret", 2);
      deepStrictEqual(
        (await scene.heardOf(ada, "private-a")).map(({ event }) => event),
        ["secret"],
      );
    },
  );

  declare(
    "server-only: the server publishes, and a client is refused",
    ["server-only", "publishing"],
    { feed: { publish: "server" } },
    async (scene) => {
      const [ada, bob] = [await scene.client("ada", "feed"), await scene.client("bob", "feed")];
      await rejects(ada.publish!("feed", "forged", 1));
      await scene.server.channel("feed").publish("tick", 2);
      for (const client of [ada, bob]) {
        deepStrictEqual(
          (await scene.heardOf(client, "feed")).map(({ event, data }) => [event, data]),
          [["tick", 2]],
        );
      }
    },
  );

  declare(
    "owner: the first one publishes, and the others are refused",
    ["owner", "publishing"],
    { show: { publish: "owner" } },
    async (scene) => {
      const [ada, bob] = [await scene.client("ada", "show"), await scene.client("bob", "show")];
      await rejects(bob.publish!("show", "forged", 1));
      await ada.publish!("show", "line", 2);
      deepStrictEqual(
        (await scene.heardOf(bob, "show")).map(({ event, data }) => [event, data]),
        [["line", 2]],
      );
    },
  );

  declare(
    "owner: the rule's word makes one, whoever came first",
    ["owner", "publishing"],
    { show: { publish: "owner", owner: isAda } },
    async (scene) => {
      const [bob, ada] = [await scene.client("bob", "show"), await scene.client("ada", "show")];
      await rejects(bob.publish!("show", "forged", 1));
      await ada.publish!("show", "line", 2);
      deepStrictEqual(await scene.dataOf(bob, "show", "line"), [2]);
    },
  );

  declare(
    "owner: when it leaves the others stay, and none of them publishes",
    ["owner", "publishing"],
    { show: { publish: "owner", ownerLeaves: "keep" } },
    async (scene) => {
      const [ada, bob] = [await scene.client("ada", "show"), await scene.client("bob", "show")];
      await ada.leave("show");
      await rejects(bob.publish!("show", "forged", 1));
      await scene.server.channel("show").publish("tick", 2);
      deepStrictEqual(
        (await scene.heardOf(bob, "show")).map(({ event }) => event),
        ["tick"],
      );
    },
  );

  declare(
    "owner: when it leaves a channel that closes then, the others are out",
    ["owner", "publishing"],
    { show: { publish: "owner", ownerLeaves: "close" } },
    async (scene) => {
      const [ada, bob] = [await scene.client("ada", "show"), await scene.client("bob", "show")];
      await ada.publish!("show", "line", 1);
      await scene.settle(bob);
      await ada.leave("show");
      await scene.until("nobody in the channel", () => scene.server.channel("show").connections.length === 0);
      await scene.server.channel("show").publish("tick", 2);
      deepStrictEqual(
        (await scene.heardOf(bob, "show")).map(({ event }) => event),
        ["line"],
      );
    },
  );
}
