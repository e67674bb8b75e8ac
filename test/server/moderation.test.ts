import { describe, expect, test } from "vitest";
import { createTestServer } from "../../src/testing/index.ts";

describe("moderation by the server", () => {
  test("close takes every client out of a channel; they know, stay connected, and do not come back by themselves", async () => {
    const { server, client, close } = createTestServer();
    const [ada, bob] = [client(), client()];
    const heard: unknown[] = [];
    ada.channel("a").on("*", (data) => heard.push(data));
    await Promise.all([ada, bob].map((one) => one.channel("a").subscribe()));
    const listened: unknown[] = [];
    await server.channel("a").subscribe(({ data }) => listened.push(data));
    await server.channel("a").close();
    await Promise.all([ada, bob].map((one) => one.request("x").catch(() => undefined)));
    expect([ada, bob].map((one) => [one.channel("a").state.kind, one.state.kind])).toEqual([
      ["unsubscribed", "open"],
      ["unsubscribed", "open"],
    ]);
    expect(server.channel("a").connections).toEqual([]);
    await server.channel("a").publish("chat", 1);
    await ada.channel("a").subscribe();
    await server.channel("a").publish("chat", 2);
    await ada.request("x").catch(() => undefined);
    expect([heard, listened]).toEqual([[2], [1, 2]]);
    await close();
  });

  test("remove takes one user out of a channel, with all their connections, and authorize keeps them out", async () => {
    const banned = new Set<string>();
    const { server, client, close } = createTestServer({
      authenticate: ({ token }) => (token === undefined ? undefined : { userId: token }),
      channels: { "*": { presence: true, authorize: ({ connection }) => !banned.has(connection.userId!) } },
    });
    const [ada, bob, alsoBob] = ["ada", "bob", "bob"].map((token) => client({ token }));
    for (const one of [ada!, bob!, alsoBob!]) await one.channel("a").subscribe();
    banned.add("bob");
    await server.channel("a").remove("bob");
    await Promise.all([ada!, bob!, alsoBob!].map((one) => one.request("x").catch(() => undefined)));
    expect([ada!, bob!, alsoBob!].map((one) => one.channel("a").state.kind)).toEqual([
      "subscribed",
      "unsubscribed",
      "unsubscribed",
    ]);
    expect(ada!.channel("a").presence.members).toEqual([{ user: "ada" }]);
    await expect(bob!.channel("a").subscribe()).rejects.toMatchObject({ code: "forbidden" });
    await close();
  });

  test("disconnectUser closes a user's connections, which stay away, unless the code says otherwise", async () => {
    const { server, client, close } = createTestServer({
      authenticate: ({ token }) => (token === undefined ? undefined : { userId: token }),
    });
    const [ada, bob, alsoBob] = ["ada", "bob", "bob"].map((token) => client({ token }));
    await Promise.all([ada!, bob!, alsoBob!].map((one) => one.connect()));
    const gone = [bob!, alsoBob!].map((one) => new Promise((resolve) => void one.on("disconnect", resolve)));
    await server.disconnectUser("bob");
    expect(await Promise.all(gone)).toMatchObject([
      { code: 4410, willReconnect: false },
      { code: 4410, willReconnect: false },
    ]);
    expect(server.connections.map(({ userId }) => userId)).toEqual(["ada"]);
    const away = new Promise((resolve) => void ada!.on("disconnect", resolve));
    await server.disconnectUser("ada", 4503, "later");
    expect(await away).toMatchObject({ code: 4503, reason: "later", willReconnect: true });
    expect(() => server.disconnectUser("ada", 1001)).toThrow(/close code/);
    await close();
  });
});
