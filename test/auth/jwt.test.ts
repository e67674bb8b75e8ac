import { describe, expect, it } from "vitest";
import { jwt, type JwtOptions } from "../../src/auth/index.ts";
import { maxTokenLength } from "../../src/auth/compact-token.ts";
import { attemptWith, clock, ec, ed, encoded, good, now, pem, rsa, secret, signed, signedBy } from "./support.ts";

/** What the hook says about a token: the identity, or the code of the refusal. */
function verdict(token: string | undefined, options: JwtOptions = { secret }): Promise<unknown> {
  return jwt({ clock, ...options })(attemptWith(token)).catch((error: { code: string }) => error.code);
}

describe("jwt(): a token that is good", () => {
  it("says who its bearer is, what others see of it, and until when it is accepted", async () => {
    const info = { name: "Ada" };
    const identity = { userId: "ada", info, expiresAt: (now + 600) * 1_000 + 5_000 };
    expect(await verdict(signed({ ...good, info }))).toEqual(identity);
  });

  it("may say so in other claims", async () => {
    const token = signed({ exp: now + 600, uid: "ada", public: "x" });
    expect(await verdict(token, { secret, userId: "uid", info: "public" })).toMatchObject({ userId: "ada", info: "x" });
  });

  it.each([
    ["RS256", rsa],
    ["ES256", ec],
    ["EdDSA", ed],
  ] as const)("may be signed with %s, with a key in PEM or as a JSON Web Key", async (algorithm, pair) => {
    const token = signedBy(pair.privateKey, good, { alg: algorithm });
    for (const key of [pem(pair), pair.publicKey.export({ format: "jwk" })]) {
      expect(await verdict(token, { keys: [{ algorithm, key }] })).toMatchObject({ userId: "ada" });
    }
  });

  it("finds its key by kid, and one without a kid finds the key without one", async () => {
    const keys = [
      { algorithm: "RS256", key: pem(rsa), kid: "old" },
      { algorithm: "ES256", key: pem(ec) },
    ] as const;
    expect(await verdict(signedBy(rsa.privateKey, good, { alg: "RS256", kid: "old" }), { keys })).toMatchObject({
      userId: "ada",
    });
    expect(await verdict(signedBy(ec.privateKey, good, { alg: "ES256" }), { keys })).toMatchObject({ userId: "ada" });
    expect(await verdict(signedBy(rsa.privateKey, good, { alg: "RS256" }), { keys })).toBe("unauthorized");
  });
});

describe("jwt(): algorithms belong to keys", () => {
  it.each(["none", "None", "nOnE"])("A01: %s is refused, with and without a signature", async (alg) => {
    const unsigned = `${encoded({ alg })}.${encoded(good)}.`;
    expect(await verdict(unsigned)).toBe("unauthorized");
    expect(await verdict(`${unsigned}AAAA`)).toBe("unauthorized");
    expect(await verdict(signed(good, { alg }))).toBe("unauthorized");
  });

  it("A01: an empty signature is refused", async () => {
    expect(await verdict(`${encoded({ alg: "HS256" })}.${encoded(good)}.`)).toBe("unauthorized");
  });

  it("A02: a public key is never used as a secret", async () => {
    const token = signed(good, {}, pem(rsa));
    expect(await verdict(token, { keys: [{ algorithm: "RS256", key: pem(rsa) }] })).toBe("unauthorized");
  });

  it("A02: a key is for its own algorithm only", async () => {
    const keys = [{ algorithm: "RS256", key: pem(rsa) }] as const;
    expect(await verdict(signedBy(rsa.privateKey, good, { alg: "PS256" }), { keys })).toBe("unauthorized");
    expect(await verdict(signedBy(rsa.privateKey, good, { alg: "RS384" }), { keys })).toBe("unauthorized");
  });

  it.each(["../../dev/null", "' OR 1=1 --", "x".repeat(4_000), "__proto__", {}, null])(
    "A03: the kid %j is only looked up",
    async (kid) => {
      const token = signedBy(rsa.privateKey, good, { alg: "RS256", kid });
      expect(await verdict(token, { keys: [{ algorithm: "RS256", key: pem(rsa), kid: "1" }] })).toBe("unauthorized");
    },
  );

  it("A04: a key or an address that the token brings is ignored", async () => {
    const jwk = rsa.publicKey.export({ format: "jwk" });
    const header = { alg: "RS256", jwk, jku: "http://127.0.0.1:1/", x5u: "http://127.0.0.1:1/" };
    const keys = [{ algorithm: "ES256", key: pem(ec) }] as const;
    expect(await verdict(signedBy(rsa.privateKey, good, header), { keys })).toBe("unauthorized");
  });

  it("a header that demands what nobody here knows is refused", async () => {
    expect(await verdict(signed(good, { crit: ["exp"] }))).toBe("unauthorized");
    expect(await verdict(signed(good, { crit: ["b64"], b64: false }))).toBe("unauthorized");
  });
});

describe("jwt(): claims", () => {
  it.each([
    ["without exp", { sub: "ada" }],
    ["with exp as text", { sub: "ada", exp: String(now + 600) }],
    ["with nbf ahead", { ...good, nbf: now + 60 }],
    ["with iat ahead", { ...good, iat: now + 60 }],
    ["with iat as text", { ...good, iat: "now" }],
    ["without a user", { exp: now + 600 }],
    ["with an empty user", { ...good, sub: "" }],
    ["with a number for a user", { ...good, sub: 7 }],
    ["with a user of 129 characters", { ...good, sub: "x".repeat(129) }],
    ["that are no object", "[]"],
    ["that are no JSON", "{"],
    ["with an endless exp", `{"sub":"ada","exp":1e400}`],
  ])("A06: a token %s is refused", async (_, claims) => {
    expect(await verdict(signed(claims))).toBe("unauthorized");
  });

  it("A06: an exp before 1970 has passed", async () => {
    expect(await verdict(signed({ ...good, exp: -1 }))).toBe("token-expired");
  });

  it("a claim that is no property of its own is none", async () => {
    expect(await verdict(signed(good), { secret, userId: "toString" })).toBe("unauthorized");
    expect(await verdict(signed(good), { secret, info: "constructor" })).not.toHaveProperty("info");
  });

  it("a token lives through the leeway and not a second longer", async () => {
    const options = { secret, leewayMs: 10_000 };
    expect(await verdict(signed({ ...good, exp: now - 9 }), options)).toMatchObject({ userId: "ada" });
    expect(await verdict(signed({ ...good, exp: now - 10 }), options)).toBe("token-expired");
  });

  it("the leeway is for nbf and iat as well", async () => {
    expect(await verdict(signed({ ...good, nbf: now + 5, iat: now + 5 }))).toMatchObject({ userId: "ada" });
    expect(await verdict(signed({ ...good, nbf: now + 6 }))).toBe("unauthorized");
    expect(await verdict(signed({ ...good, iat: now + 6 }))).toBe("unauthorized");
  });

  it("a life of maxLifeMs is the longest", async () => {
    const options = { secret, maxLifeMs: 600_000 };
    expect(await verdict(signed({ ...good, exp: now + 600 }), options)).toMatchObject({ userId: "ada" });
    expect(await verdict(signed({ ...good, exp: now + 601 }), options)).toBe("unauthorized");
  });

  it("issuer and audience must be the ones that were given", async () => {
    const options = { secret, issuer: "https://a.example", audience: ["chat", "game"] };
    const claims = { ...good, iss: "https://a.example", aud: ["x", "game"] };
    expect(await verdict(signed(claims), options)).toMatchObject({ userId: "ada" });
    expect(await verdict(signed({ ...claims, iss: "https://a.example/" }), options)).toBe("unauthorized");
    expect(await verdict(signed({ ...claims, aud: "other" }), options)).toBe("unauthorized");
    expect(await verdict(signed(good), options)).toBe("unauthorized");
  });

  it("R12: nothing is used before the signature is verified, not even exp", async () => {
    const forged = signed({ sub: "ada", exp: now - 600 }, {}, "another secret of 32 bytes or more");
    expect(await verdict(forged)).toBe("unauthorized");
  });
});

describe("jwt(): spelling", () => {
  const token = signed(good);
  const [header = "", claims = "", signature = ""] = token.split(".");
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  /** The same bytes, spelt with another last character. */
  const respelt = signature.slice(0, -1) + alphabet[alphabet.indexOf(signature.at(-1)!) + 1];

  it.each([
    ["unused bits that are set", `${header}.${claims}.${respelt}`],
    ["padding", `${token}=`],
    ["white space", ` ${token}`],
    ["a line break at its end", `${token}\n`],
    ["four parts", `${token}.`],
    ["five parts, as encrypted ones have", `${header}.${claims}.${signature}.${claims}.${signature}`],
    ["its payload left out", `${header}..${signature}`],
    ["nothing at all", ""],
    ["other characters", `${header}.${claims}.${signature.slice(0, -1)}+`],
  ])("A07: a token with %s is refused", async (_, text) => {
    expect(await verdict(token)).toMatchObject({ userId: "ada" });
    expect(await verdict(text)).toBe("unauthorized");
  });

  it("A07: no token is refused", async () => {
    expect(await verdict(undefined)).toBe("unauthorized");
  });

  it("A08: 8,192 characters are read, one more is not", async () => {
    const padded = (length: number): string => {
      const overhead = signed({ ...good, pad: "" }).length;
      const pad = "x".repeat(Math.floor(((length - overhead) * 3) / 4) - 3);
      for (let more = 0; ; more += 1) {
        const made = signed({ ...good, pad: pad + "x".repeat(more) });
        if (made.length >= length) return made;
      }
    };
    const longest = padded(maxTokenLength);
    expect(longest).toHaveLength(8_192);
    expect(await verdict(longest)).toMatchObject({ userId: "ada" });
    expect(await verdict(padded(maxTokenLength + 1))).toBe("unauthorized");
  });

  it("A08: a payload that is nested deeply harms nobody", async () => {
    expect(await verdict(signed(`{"a":${"[".repeat(5_000)}`))).toBe("unauthorized");
  });
});

describe("jwt(): a revoked token", () => {
  it("is refused, by its id, its user or its age", async () => {
    const token = signed({ ...good, jti: "t-1", iat: now - 10 });
    const asked: unknown[] = [];
    const isRevoked = async (facts: unknown): Promise<boolean> => asked.push(facts) === 2;
    expect(await verdict(token, { secret, isRevoked })).toMatchObject({ userId: "ada" });
    expect(await verdict(token, { secret, isRevoked })).toBe("unauthorized");
    const facts = { userId: "ada", tokenId: "t-1", issuedAt: (now - 10) * 1_000 };
    expect(asked).toEqual([facts, facts]);
  });

  it("is not asked about before it is verified", async () => {
    const isRevoked = (): boolean => expect.unreachable("it was asked");
    expect(await verdict(signed(good, {}, "another secret of 32 bytes or more"), { secret, isRevoked })).toBe(
      "unauthorized",
    );
    expect(await verdict(signed({ ...good, exp: now - 600 }), { secret, isRevoked })).toBe("token-expired");
  });

  it("is refused when nobody knows: what the list throws lets nobody in, and no other answer than false does", async () => {
    const cause = new Error("the list cannot be read");
    const failing = jwt({ secret, clock, isRevoked: () => Promise.reject(cause) });
    await expect(failing(attemptWith(signed(good)))).rejects.toBe(cause);
    expect(await verdict(signed(good), { secret, isRevoked: () => 0 as never })).toBe("unauthorized");
    expect(await verdict(signed(good), { secret, isRevoked: () => false })).toMatchObject({ userId: "ada" });
  });
});

describe("jwt(): refusals", () => {
  it("A14: tell nothing about the token, nor what found it wanting", async () => {
    const token = signed({ ...good, exp: now - 600, canary: "cn-4711" });
    const error: unknown = await jwt({ secret, clock })(attemptWith(token)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "token-expired", details: undefined });
    expect(error).not.toHaveProperty("cause");
    expect(JSON.stringify(error) + String(error)).not.toMatch(/cn-4711|eyJ/);
  });
});

describe("jwt(): options that cannot work throw at once", () => {
  const key = pem(rsa);
  it.each([
    ["no key", {}],
    ["two kinds of keys", { secret, jwksUrl: "https://a.example/jwks" }],
    ["no keys at all", { keys: [] }],
    ["a secret of 31 bytes", { secret: "x".repeat(31) }],
    ["a secret of 32 bytes for HS512", { secret: "x".repeat(32), algorithms: ["HS512"] }],
    ["a secret for RS256", { secret, algorithms: ["RS256"] }],
    ["a secret for none", { secret, algorithms: ["none"] }],
    ["no algorithms", { secret, algorithms: [] }],
    ["HS256 with jwksUrl", { jwksUrl: "https://a.example/jwks", algorithms: ["HS256"] }],
    ["algorithms beside keys", { keys: [{ algorithm: "RS256", key }], algorithms: ["RS256"] }],
    ["an RSA key for ES256", { keys: [{ algorithm: "ES256", key }] }],
    ["a public key for HS256", { keys: [{ algorithm: "HS256", key }] }],
    ["a P-256 key for ES384", { keys: [{ algorithm: "ES384", key: pem(ec) }] }],
    ["no PEM", { keys: [{ algorithm: "RS256", key: "secret" }] }],
    ["a secret as a JSON Web Key", { keys: [{ algorithm: "RS256", key: { kty: "oct", k: "AAAA" } }] }],
    [
      "two keys of the same name",
      {
        keys: [
          { algorithm: "RS256", key },
          { algorithm: "RS256", key },
        ],
      },
    ],
    ["an address without TLS", { jwksUrl: "http://a.example/jwks" }],
    ["an address that is none", { jwksUrl: "keys" }],
    ["a leeway of more than a minute", { secret, leewayMs: 60_001 }],
    ["a negative leeway", { secret, leewayMs: -1 }],
    ["no life at all", { secret, maxLifeMs: 0 }],
    ["an unknown place", { secret, from: { body: "token" } }],
    ["two places", { secret, from: { header: "a", cookie: "b" } }],
    ["a cookie without a name", { secret, from: { cookie: "" } }],
  ])("%s", (_, options) => {
    expect(() => jwt(options as unknown as JwtOptions)).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });

  it("an address that cannot be read again once it is written down, which is not the same on all versions of Node", () => {
    const jwksUrl = URL.parse(`https://${"in.\u00c0".repeat(2_000)}`)!;
    const made = (): unknown => jwt({ jwksUrl });
    if (URL.canParse(jwksUrl.href)) expect(made).not.toThrow();
    else expect(made).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });

  it("a secret of 32 bytes and a leeway of a minute are enough", () => {
    expect(jwt({ secret: "x".repeat(32), leewayMs: 60_000 })).toBeTypeOf("function");
  });
});
