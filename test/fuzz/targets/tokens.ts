import { createHmac, generateKeyPairSync } from "node:crypto";
import { isCompactToken } from "../../../src/auth/compact-token.ts";
import { readKeys } from "../../../src/auth/jwt-keys.ts";
import { jwt } from "../../../src/auth/jwt.ts";
import type { ConnectAttempt } from "../../../src/engine/application.ts";
import { CarillonError } from "../../../src/errors/carillon-error.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { bytesAsText, declared, must, texts, type Target } from "../target.ts";

const secret = "a secret of at least thirty-two bytes";
const clock = new ManualClock();
const exp = clock.wall() / 1_000 + 3_600;
const authenticate = jwt({ secret, clock, audience: "chat", issuer: ["a", "b"] });

const genuine = [
  signed({ alg: "HS256", typ: "JWT" }, { sub: "ada", exp, iss: "a", aud: "chat", info: { name: "Ada" } }),
  signed({ alg: "HS256", kid: "1" }, { sub: "grace", exp, iss: "b", aud: ["x", "chat"], iat: exp - 60, jti: "1" }),
];
const refused = [
  signed({ alg: "none" }, { sub: "eve", exp }),
  signed({ alg: "HS256", crit: ["exp"] }, { sub: "eve", exp: exp - 9_999, iss: "a", aud: "chat", nbf: exp }),
];

/** Only what was signed comes in, and in one spelling. */
export const tokens: Target = {
  name: "tokens",
  corpus: texts(...genuine, ...refused),
  words: [".", "..", "=", "+", "/", "eyJhbGciOiJub25lIn0", "eyJhbGciOiJIUzI1NiJ9", "A", "_", "-", " "],
  executions: 1_500,
  async run(input) {
    const token = bytesAsText(input);
    const attempt = { token } as ConnectAttempt;
    const who = await authenticate(attempt).catch((error: unknown) => {
      if (error instanceof CarillonError && (error.code === "unauthorized" || error.code === "token-expired")) return;
      throw error;
    });
    must(who === undefined || genuine.includes(token), "a token that nobody signed came in");
    must(who === undefined || isCompactToken(token), "a token of another form came in");
  },
};

const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

/** Keys, as an application's configuration has them. */
export const keys: Target = {
  name: "keys",
  corpus: texts(
    publicKey.export({ type: "spki", format: "pem" }) as string,
    JSON.stringify(publicKey.export({ format: "jwk" })),
    '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}',
    "https://login.example/jwks.json",
  ),
  words: [
    "-----BEGIN PUBLIC KEY-----",
    "-----END",
    '"kty":"RSA"',
    '"n":"',
    '"e":"AQAB"',
    '"crv":"P-521"',
    '"d":"',
    '"x":"',
  ],
  executions: 1_000,
  run(input) {
    const text = bytesAsText(input);
    const isDeclared = (error: unknown): boolean => error instanceof CarillonError && error.code === "option-invalid";
    const read = declared(
      () => JSON.parse(text) as unknown,
      (error) => error instanceof SyntaxError,
    );
    const key = typeof read === "object" && read !== null ? read : text;
    for (const algorithm of ["ES256", "RS256", "EdDSA"] as const)
      declared(() => readKeys({ keys: [{ algorithm, key }] }), isDeclared);
    declared(() => readKeys({ jwksUrl: text }), isDeclared);
    declared(() => readKeys({ secret: text }), isDeclared);
  },
};

function signed(header: object, claims: object): string {
  const content = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${content}.${createHmac("sha256", secret).update(content).digest("base64url")}`;
}
