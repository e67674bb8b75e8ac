import { describe, expect, it } from "vitest";
import { jwt, type JwtOptions } from "../../src/auth/index.ts";
import { createTestServer } from "../../src/testing/index.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { secret, signed } from "./support.ts";

interface SetUp {
  readonly world: ReturnType<typeof createTestServer>;
  readonly clock: ManualClock;
  token(sub?: string, jti?: string): string;
  /** Lets time pass and what follows from it happen, also in the threads that verify signatures. */
  passed(ms: number): Promise<void>;
}

/** A server that takes tokens, and what makes them: good for 100 seconds and no leeway. */
function setUp(options: Pick<JwtOptions, "isRevoked"> = {}): SetUp {
  const clock = new ManualClock();
  const verify = jwt({ secret, clock, leewayMs: 0, ...options });
  let verifying = 0;
  const authenticate: typeof verify = (attempt) => {
    verifying += 1;
    return verify(attempt).finally(() => (verifying -= 1));
  };
  return {
    world: createTestServer({ clock, authenticate }),
    clock,
    token: (sub = "ada", jti) => signed({ sub, jti, info: "a", exp: Math.floor(clock.wall() / 1_000) + 100 }),
    async passed(ms) {
      clock.advance(ms);
      for (let quiet = 0; quiet < 10; quiet = verifying > 0 ? 0 : quiet + 1) await new Promise(setImmediate);
    },
  };
}

describe("jwt() on a server", () => {
  it("lets a client with a provider live on, over many tokens, as one connection", async () => {
    const { world, clock, token, passed } = setUp();
    const connections: { readonly userId: string | undefined; readonly info: unknown }[] = [];
    world.server.on("connect", ({ connection }) => void connections.push(connection));
    let asked = 0;
    const client = world.client({ clock, token: () => ((asked += 1), token()) });
    const ends: number[] = [];
    client.on("disconnect", ({ code }) => ends.push(code));
    await client.connect();
    expect(connections).toMatchObject([{ userId: "ada", info: "a" }]);
    for (let second = 0; second < 1_000; second += 5) await passed(5_000);
    expect(client.state.kind).toBe("open");
    expect(ends).toEqual([]);
    expect(connections).toHaveLength(1);
    expect(asked).toBeGreaterThan(10);
    await world.close();
  });

  it("ends a client that has cookies only when they have expired, and lets it in again when it connects with fresh ones", async () => {
    const clock = new ManualClock();
    // Stands for the cookie of the browser, which no client sees.
    const cookie = { expiresAt: clock.wall() + 100_000 };
    const world = createTestServer({ clock, authenticate: () => ({ userId: "ada", ...cookie }) });
    const client = world.client({ clock });
    await client.connect();
    const passed = async (ms: number): Promise<void> => {
      clock.advance(ms);
      for (let turns = 0; turns < 10; turns += 1) await new Promise(setImmediate);
    };
    for (let second = 0; second < 95; second += 5) await passed(5_000);
    expect(client.state.kind).toBe("open");
    await passed(6_000);
    await passed(60_000);
    expect(client.state).toMatchObject({ kind: "closed", cause: { code: "token-expired" } });
    cookie.expiresAt = clock.wall() + 100_000;
    await client.connect();
    expect(client.state.kind).toBe("open");
    await world.close();
  });

  it("ends a client with a fixed token when that has expired, for good", async () => {
    const { world, clock, token, passed } = setUp();
    const client = world.client({ clock, token: token() });
    await client.connect();
    for (let second = 0; second < 95; second += 5) await passed(5_000);
    expect(client.state.kind).toBe("open");
    await passed(6_000);
    expect(client.state).toMatchObject({ kind: "closed", cause: { code: "token-expired" } });
    expect(world.server.stats().connections).toBe(0);
    await world.close();
  });

  it("N29: shuts out a user whose tokens are revoked, and asks the others for a fresh one", async () => {
    const revoked = new Set<string>();
    const { world, clock, token, passed } = setUp({ isRevoked: ({ userId }) => revoked.has(userId) });
    const [ada, bob] = ["ada", "bob"].map((user) => world.client({ clock, token: () => token(user) }));
    await Promise.all([ada!.connect(), bob!.connect()]);
    revoked.add("ada");
    await world.server.disconnectUser("ada", 4402);
    await world.server.disconnectUser("bob", 4402);
    await passed(0);
    expect(ada!.state).toMatchObject({ kind: "closed", cause: { code: "unauthorized" } });
    expect(bob!.state.kind).toBe("open");
    expect(world.server.stats().connections).toBe(1);
    await world.close();
  });

  it.each([
    ["user", { user: "ada" }],
    ["token", { token: "t-ada" }],
    ["session", undefined],
  ])("N29: a revoked %s is out at once, and does not come back", async (_, revocation) => {
    const { world, clock, token, passed } = setUp();
    const [ada, bob] = ["ada", "bob"].map((user) => world.client({ clock, token: token(user, `t-${user}`) }));
    await Promise.all([ada!.connect(), bob!.connect()]);
    const { id } = world.server.connections.find(({ userId }) => userId === "ada")!;
    await world.server.revoke(revocation ?? { session: id });
    await passed(0);
    expect(ada!.state).toMatchObject({ kind: "closed", cause: { code: "unauthorized" } });
    expect(bob!.state.kind).toBe("open");
    expect(world.server.stats()).toMatchObject({ connections: 1, suspended: 0 });
    await world.close();
  });

  it("N29: finds a connection by the token that it was refreshed with, and no longer by the one before", async () => {
    const { world, clock, token, passed } = setUp();
    let made = 0;
    const client = world.client({ clock, token: () => token("ada", `t-${(made += 1)}`) });
    await client.connect();
    for (let second = 0; second < 95; second += 5) await passed(5_000);
    expect(world.server.connections.map(({ tokenId }) => tokenId)).toEqual(["t-2"]);
    await world.server.revoke({ token: "t-1" });
    await passed(0);
    expect(client.state.kind).toBe("open");
    await world.server.revoke({ token: "t-2" });
    await passed(0);
    expect(client.state.kind).toBe("closed");
    await world.close();
  });

  it("refuses a client whose token is not good, and one without", async () => {
    const { world, clock } = setUp();
    const forged = signed({ sub: "ada", exp: 9e9 }, {}, "another secret of 32 bytes or more");
    for (const token of [forged, undefined]) {
      const client = world.client({ clock, ...(token !== undefined && { token }) });
      await expect(client.connect()).rejects.toMatchObject({ code: "unauthorized" });
    }
    await world.close();
  });
});
