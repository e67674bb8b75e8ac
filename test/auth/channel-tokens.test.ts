import { describe, expect, it } from "vitest";
import { channelTokens, jwt, type TokenOptions } from "../../src/auth/index.ts";
import type { ChannelAttempt } from "../../src/engine/channel-rules.ts";
import type { LiveConnection } from "../../src/engine/connection.ts";
import type { Grant } from "../../src/engine/grant.ts";
import { createTestServer } from "../../src/testing/index.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { codeOf, world } from "../engine/support.ts";
import { attemptWith, clock, ed, encoded, good, now, pem, secret, signed, signedBy } from "./support.ts";

const exp = now + 600;
const forAda = { channel: "private-a", sub: "ada", exp };

interface Asked extends Pick<TokenOptions, "issuer" | "audience"> {
  readonly user?: string | undefined;
  readonly channel?: string;
  readonly action?: ChannelAttempt["action"];
}

/** What an `authorize` of these tokens says to someone with this one. */
async function ask(
  token: string | undefined,
  { user, channel = "private-a", action = "subscribe", ...options }: Asked = { user: "ada" },
): Promise<Grant | string | undefined> {
  const { connection } = world().connected(user);
  const authorize = channelTokens({ secret, clock, ...options });
  let grant: Grant | undefined;
  const refusal = await codeOf(async () => {
    grant = await authorize({ connection, action, channel, token });
  });
  return refusal ?? grant;
}

describe("channelTokens()", () => {
  it.each<[string, object, Grant["actions"]]>([
    ["nothing but subscribing", {}, []],
    ["what it lists", { actions: ["subscribe", "publish", "whisper"] }, ["publish", "whisper"]],
    ["nothing that nobody knows", { actions: ["subscribe", "fly", 7, null] }, []],
  ])("grants %s, until the token ends", async (_, claims, actions) => {
    expect(await ask(signed({ ...forAda, ...claims }))).toEqual({ actions, expiresAt: exp * 1_000 + 5_000 });
  });

  it.each<[string, object, Asked]>([
    ["of channel A, used on B", forAda, { user: "ada", channel: "private-b" }],
    ["of channel A, used on a name that begins with it", forAda, { user: "ada", channel: "private-ab" }],
    ["of a pattern, used on a channel that fits", { ...forAda, channel: "private-*" }, { user: "ada" }],
    ["of several channels", { ...forAda, channel: ["private-a"] }, { user: "ada" }],
    ["of no channel", { sub: "ada", exp }, { user: "ada" }],
    ["of user 1, used by user 2", forAda, { user: "bob" }],
    ["of a user, used by an anonymous one", forAda, {}],
    ["of an anonymous one, used by a user", { channel: "private-a", exp }, { user: "ada" }],
    ["of connection 1, used by connection 2", { ...forAda, connection: "another" }, { user: "ada" }],
    ["of a connection that is no text", { ...forAda, connection: null }, { user: "ada" }],
    ["that does not list subscribing", { ...forAda, actions: ["publish"] }, { user: "ada" }],
    ["whose actions are no list", { ...forAda, actions: "subscribe" }, { user: "ada" }],
    ["of another issuer", { ...forAda, iss: "eve" }, { user: "ada", issuer: "us" }],
    ["for another audience", { ...forAda, aud: "eve" }, { user: "ada", audience: "us" }],
    ["from the future", { ...forAda, iat: now + 60 }, { user: "ada" }],
    ["that lives too long", { ...forAda, exp: now + 31 * 86_400 }, { user: "ada" }],
    ["without an end", { channel: "private-a", sub: "ada" }, { user: "ada" }],
  ])("N05: refuses a token %s with unauthorized", async (_, claims, asked) => {
    expect(await ask(signed(claims), asked)).toBe("unauthorized");
  });

  it("lets an anonymous one in with a token for one", async () => {
    expect(await ask(signed({ channel: "private-a", exp }), {})).toMatchObject({ actions: [] });
  });

  it("N05: lets in the connection that the token names, and no other of the same user", async () => {
    const { connected } = world();
    const [first, second] = [connected("ada").connection, connected("ada").connection];
    const authorize = channelTokens({ secret, clock });
    const token = signed({ ...forAda, connection: first.id });
    const attempt = (connection: LiveConnection): ChannelAttempt => ({
      connection,
      action: "subscribe",
      channel: "private-a",
      token,
    });
    expect(await codeOf(() => authorize(attempt(first)))).toBeUndefined();
    expect(await codeOf(() => authorize(attempt(second)))).toBe("unauthorized");
  });

  it.each([
    ["none", undefined],
    ["text that is none", "token"],
    ["one without a signature", `${encoded({ alg: "none" })}.${encoded(forAda)}.`],
    ["one signed with another secret", signed(forAda, {}, "another secret of 32 bytes or more")],
    ["one signed with another algorithm", signed(forAda, { alg: "HS512" })],
    ["one that says who connects", signed(good)],
  ])("refuses %s with unauthorized", async (_, token) => {
    expect(await ask(token)).toBe("unauthorized");
  });

  it("refuses with token-expired when nothing is wrong but the time", async () => {
    expect(await ask(signed({ ...forAda, exp: now - 6 }))).toBe("token-expired");
    expect(await ask(signed({ ...forAda, exp: now - 4 }))).toMatchObject({ actions: [] });
  });

  it("takes public keys", async () => {
    const { connection } = world().connected("ada");
    const authorize = channelTokens({ clock, keys: [{ algorithm: "EdDSA", key: pem(ed) }] });
    const token = signedBy(ed.privateKey, forAda, { alg: "EdDSA" });
    const attempt = { connection, action: "subscribe", channel: "private-a", token } as const;
    expect(await authorize(attempt)).toMatchObject({ actions: [] });
  });

  it.each([{}, { secret: "short" }, { secret, leewayMs: 60_001 }, { secret, maxLifeMs: 0 }])(
    "says what is wrong with its options: %j",
    async (options) => {
      expect(await codeOf(() => channelTokens(options))).toBe("option-invalid");
    },
  );
});

describe("jwt()", () => {
  it("lets nobody connect with a token for a channel", async () => {
    expect(await codeOf(() => jwt({ secret, clock })(attemptWith(signed(forAda))))).toBe("unauthorized");
  });
});

describe("channelTokens() on a server", () => {
  const authenticate = ({ token }: { readonly token: string | undefined }): { userId: string } => ({
    userId: token ?? "nobody",
  });
  const channels = { "private-*": { authorize: channelTokens({ secret, clock }), whispers: true } };

  it("N05: lets a client in with its token, to do there what it lists and nothing else", async () => {
    const { client, close } = createTestServer({ authenticate, channels, clock });
    const [ada, bob] = ["ada", "bob"].map((token) => client({ token }));
    const [a, b] = [ada!.channel("private-a"), bob!.channel("private-a")];
    await a.subscribe({ token: signed({ ...forAda, actions: ["subscribe", "publish"] }) });
    expect(await codeOf(() => b.subscribe({ token: signed(forAda) }))).toBe("unauthorized");
    expect(await codeOf(() => b.subscribe())).toBe("unauthorized");
    await b.subscribe({ token: signed({ ...forAda, sub: "bob" }) });
    await a.publish("say", 1);
    expect(await codeOf(() => b.publish("say", 1))).toBe("forbidden");
    await close();
  });

  it("subscribes again with the token that is there then, in a session of its own", async () => {
    const { client, server, close } = createTestServer({ authenticate, channels, clock });
    const ada = client({ token: "ada", reconnect: { delayMs: 1, jitter: "none" } });
    const read: number[] = [];
    const options = {
      get token() {
        read.push(read.length);
        return signed({ ...forAda, jti: String(read.length) });
      },
    };
    await ada.channel("private-a").subscribe(options);
    const again = new Promise((resolve) => server.on("connect", resolve));
    server.connections[0]!.close(4500);
    await again;
    await expect.poll(() => server.connections[0]?.channels).toEqual(["private-a"]);
    expect(read).toEqual([0, 1]);
    await close();
  });

  it("N29: puts the client out when the token ends, and tells it", async () => {
    const own = new ManualClock();
    const rule = { authorize: channelTokens({ secret, clock: own, leewayMs: 0 }) };
    const { client, server, close } = createTestServer({ authenticate, channels: { "private-*": rule }, clock: own });
    const channel = client({ token: "ada", clock: own }).channel("private-a");
    await channel.subscribe({ token: signed({ ...forAda, exp: now + 100 }) });
    const passed = async (ms: number): Promise<void> => {
      own.advance(ms);
      for (let turns = 0; turns < 10; turns += 1) await new Promise(setImmediate);
    };
    for (let second = 0; second < 95; second += 5) await passed(5_000);
    await passed(4_999);
    expect(channel.state.kind).toBe("subscribed");
    await passed(1);
    expect(channel.state.kind).toBe("unsubscribed");
    expect(server.stats()).toMatchObject({ subscriptions: 0, connections: 1 });
    await close();
  });
});
