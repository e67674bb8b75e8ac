import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jwt } from "../../src/auth/index.ts";
import { attemptWith, clock, ec, good, pem, rsa, signed, signedBy } from "./support.ts";

let server: Server;
let jwksUrl: string;
let fetches = 0;
let isIll = false;

beforeAll(async () => {
  const keys = [
    { ...rsa.publicKey.export({ format: "jwk" }), kid: "r", alg: "RS256" },
    { ...ec.publicKey.export({ format: "jwk" }), kid: "e" },
  ];
  server = createServer((_, response) => {
    fetches += 1;
    response.writeHead(isIll ? 500 : 200, { "content-type": "application/json" }).end(JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe("jwt({ jwksUrl })", () => {
  it("fetches the keys once, for the first token, and finds the one that the token names", async () => {
    fetches = 0;
    const authenticate = jwt({ jwksUrl, clock });
    expect(fetches).toBe(0);
    const byRsa = signedBy(rsa.privateKey, good, { alg: "RS256", kid: "r" });
    const byEc = signedBy(ec.privateKey, good, { alg: "ES256", kid: "e" });
    for (const token of [byRsa, byEc, byRsa])
      expect(await authenticate(attemptWith(token))).toMatchObject({ userId: "ada" });
    expect(fetches).toBe(1);
  });

  it("A02, A03: refuses what the keys are not for, and does not fetch for each of them", async () => {
    fetches = 0;
    const authenticate = jwt({ jwksUrl, clock });
    const hostile = [
      signed(good, { kid: "r" }, pem(rsa)),
      signedBy(rsa.privateKey, good, { alg: "PS256", kid: "r" }),
      signedBy(rsa.privateKey, good, { alg: "RS256", kid: "unknown" }),
      signedBy(rsa.privateKey, good, { alg: "RS256", kid: "../../jwks" }),
      signedBy(ec.privateKey, good, { alg: "ES256", kid: "r" }),
    ];
    for (const token of hostile)
      await expect(authenticate(attemptWith(token))).rejects.toMatchObject({ code: "unauthorized" });
    expect(fetches).toBe(1);
  });

  it("A05: asks nobody about a token that is no token", async () => {
    fetches = 0;
    const authenticate = jwt({ jwksUrl, clock });
    for (const token of ["x", signed(good), undefined])
      await expect(authenticate(attemptWith(token))).rejects.toMatchObject({ code: "unauthorized" });
    expect(fetches).toBe(0);
  });

  it("blames no token when the keys cannot be had", async () => {
    isIll = true;
    const token = signedBy(rsa.privateKey, good, { alg: "RS256", kid: "r" });
    const error: unknown = await jwt({ jwksUrl, clock })(attemptWith(token)).catch((thrown: unknown) => thrown);
    isIll = false;
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toHaveProperty("code");
  });
});
