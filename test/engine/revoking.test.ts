import { describe, expect, it } from "vitest";
import type { Identity } from "../../src/engine/application.ts";
import type { Revocation } from "../../src/engine/revoking.ts";
import { Cluster } from "../contracts/cluster-broker.ts";
import { codeOf, gate, turn, world, type TestClient, type World } from "./support.ts";

const ada = { userId: "ada", tokenId: "t-1" };

/** A client that is connected as this. */
function connectedAs({ application, client }: World, identity: Identity): TestClient {
  application.authenticate = () => identity;
  const one = client();
  void one.connect();
  one.heard();
  return one;
}

describe("revoking", () => {
  it.each<[string, (one: TestClient) => Revocation, readonly number[]]>([
    ["a user: all connections", () => ({ user: "ada" }), [0, 1]],
    ["a session: the one connection", (one) => ({ session: one.connection.id }), [0]],
    ["a token: the connections that it let in", () => ({ token: "t-1" }), [0, 3]],
    ["a user with a token: what fits both", () => ({ user: "ada", token: "t-1" }), [0]],
    ["a user with the session of another: nothing", (one) => ({ user: "bob", session: one.connection.id }), []],
    ["what nobody has: nothing", () => ({ token: "t-9" }), []],
  ])("N29: %s", async (_, revocation, closed) => {
    const one = world();
    const clients = [ada, { userId: "ada", tokenId: "t-2" }, {}, { userId: "eve", tokenId: "t-1" }].map((identity) =>
      connectedAs(one, identity),
    );
    await one.engine.signal({ kind: "revoke", ...revocation(clients[0]!) });
    const ends = clients.map(({ wire }) => wire.closing?.code);
    expect(ends).toEqual(clients.map((_client, index) => (closed.includes(index) ? 4401 : undefined)));
  });

  it.each([{}, { user: "" }, { token: "" }, { user: undefined }, { user: 7 as unknown as string }])(
    "is refused for %j, which could fit everyone",
    async (revocation) => {
      const one = world();
      const client = connectedAs(one, {});
      const code = await codeOf(() => one.engine.signal({ kind: "revoke", ...(revocation as Revocation) }));
      expect(code).toBe("option-invalid");
      expect(client.wire.closing).toBeUndefined();
    },
  );

  it("reaches every node", async () => {
    const cluster = new Cluster();
    const nodes = [cluster, cluster].map((one) => world({ broker: one.node() }));
    const clients = nodes.map((node) => connectedAs(node, ada));
    await nodes[0]!.engine.signal({ kind: "revoke", user: "ada" });
    await turn();
    expect(clients.map(({ wire }) => wire.closing?.code)).toEqual([4401, 4401]);
  });

  it("N29: refuses whoever is being let in, when who it is was found out before", async () => {
    const one = world();
    const thinking = gate();
    one.application.authenticate = () => ada;
    one.application.middleware.push(async (_connection, next) => {
      await thinking.passed;
      await next();
    });
    const [revoked, other] = [one.client(), one.client()];
    const letIn = codeOf(() => revoked.connect());
    one.application.authenticate = () => ({ userId: "bob" });
    const letBobIn = codeOf(() => other.connect());
    await one.engine.signal({ kind: "revoke", user: "ada" });
    await thinking.open();
    expect(await Promise.all([letIn, letBobIn])).toEqual(["unauthorized", undefined]);
    expect(one.engine.stats()).toMatchObject({ connections: 1, refused: 1 });
  });

  it("N29: refuses whoever is being let in, when who it is was asked before and answered after", async () => {
    const one = world();
    const answer = gate();
    one.application.authenticate = async () => {
      await answer.passed;
      return ada;
    };
    const letIn = codeOf(() => one.client().connect());
    await one.engine.signal({ kind: "revoke", token: "t-1" });
    await answer.open();
    expect(await letIn).toBe("unauthorized");
  });

  it("does not refuse who comes afterwards: that is the application's to say", async () => {
    const one = world();
    connectedAs(one, ada);
    await one.engine.signal({ kind: "revoke", user: "ada" });
    const again = connectedAs(one, ada);
    expect(again.connection.isOpen).toBe(true);
  });
});
