import { createHmac } from "node:crypto";
import { describe, expect } from "vitest";
import { WebSocket } from "ws";
import { jwt, type JwtOptions } from "../../src/auth/index.ts";
import { clock as issued, encoded, good, now, pem, rsa, secret, signed, signedBy } from "../auth/support.ts";
import { canary } from "../canary.ts";
import { ask, LinkClient } from "../transports/http/link-client.ts";
import { turn } from "../transports/http/serve.ts";
import { RawSocket, text } from "./frames.ts";
import { hostile, type Row } from "./rows.ts";
import { Target } from "./target.ts";

/** Of the witness, who stays while time passes between rows. */
const token = signed({ ...good, exp: now + 2_500_000 });
const marked = { ...good, jti: canary };

/** Stands in for what verifies tokens, once. */
let hook: (() => unknown) | undefined;

/** A target that wants tokens from this place. */
function guarded(from: JwtOptions["from"] = "message"): Promise<Target> {
  const verify = jwt({ secret, clock: issued, from });
  const authenticate: typeof verify = (attempt) => {
    const next = hook ?? (() => verify(attempt));
    hook = undefined;
    return next() as ReturnType<typeof verify>;
  };
  return Target.start({}, { authenticate }, from === "message" ? { token } : { query: `?token=${token}` });
}

/** What a client with this token, and this query, is told before it is shown out. */
async function refusal(
  { url }: Target,
  { token, query = "", headers = {} }: { token?: string; query?: string; headers?: Record<string, string> },
): Promise<{ readonly text: string; readonly code: number }> {
  const socket = new WebSocket(`${url.replace("http", "ws")}${query}`, { headers });
  let text = "";
  socket.on("message", (data: Buffer) => (text += data.toString()));
  return new Promise((resolve, reject) => {
    socket.on("open", () => socket.send(JSON.stringify({ type: "connect", token })));
    socket.on("close", (code, reason) => resolve({ text: text + reason.toString(), code }));
    socket.on("error", reject);
  });
}

/** Over both kinds of wire: 4401 in two words, and not a letter of the token anywhere. */
async function refuses(target: Target, token: string): Promise<void> {
  const { text, code } = await refusal(target, { token });
  expect([code, JSON.parse(text.slice(0, text.indexOf("}") + 1))]).toMatchObject([4401, { type: "error" }]);
  const link = await LinkClient.open(target.url, JSON.stringify({ type: "connect", token }));
  const polled = await link.poll(0);
  const ended = await link.poll(1);
  expect(ended).toMatchObject({ status: 410, body: expect.stringContaining("4401") as string });
  for (const told of [text, polled.body, ended.body]) expect(told).not.toContain(canary);
}

const refused = (id: string, what: string, token: string | (() => string)): Row => ({
  id,
  what: `${what} lets nobody in`,
  run: (target) => refuses(target, typeof token === "function" ? token() : token),
});

const [header = "", claims = "", signature = ""] = signed(marked).split(".");
const respelt = (spelling: string): string => `${header}.${claims}.${spelling}`;
const digest = createHmac("sha256", secret).update(`${header}.${claims}`).digest();

const rows: readonly Row[] = [
  {
    id: "A01",
    what: "what is refused below would be let in if it were right",
    async run(target) {
      const link = await LinkClient.open(target.url, JSON.stringify({ type: "connect", token: signed(marked) }));
      expect((await link.poll(0)).body).toContain('"connected"');
      await link.close();
    },
  },
  ...["none", "None", "nOnE"].flatMap((alg) => [
    refused("A01", `a token of ${alg} without a signature`, `${encoded({ alg })}.${encoded(marked)}.`),
    refused("A01", `a token of ${alg} with one`, signed(marked, { alg })),
  ]),
  refused("A02", "a public key as a secret", signed(marked, {}, pem(rsa))),
  ...["../../dev/null", "' OR 1=1 --", "x".repeat(4_000), "__proto__", "constructor"].map((kid) =>
    refused("A03", `the kid ${kid.slice(0, 20)}`, () => signedBy(rsa.privateKey, marked, { alg: "RS256", kid })),
  ),
  refused("A04", "a key and addresses that the token brings", () =>
    signedBy(rsa.privateKey, marked, {
      alg: "RS256",
      jwk: rsa.publicKey.export({ format: "jwk" }),
      jku: "http://127.0.0.1:1/",
      x5u: "http://127.0.0.1:1/",
    }),
  ),
  refused(
    "A05",
    "an issuer that is an address",
    signed({ ...marked, iss: "http://127.0.0.1:1/../" }, {}, "x".repeat(32)),
  ),
  refused(
    "A05",
    "an audience that is one",
    signed({ ...marked, aud: ["http://169.254.169.254/"] }, {}, "x".repeat(32)),
  ),
  ...Object.entries({
    "no exp": { sub: "ada", jti: canary },
    "exp as text": { ...marked, exp: String(now + 600) },
    "exp without end": `{"sub":"ada","jti":"${canary}","exp":1e400}`,
    "exp in 31 days": { ...marked, exp: now + 31 * 86_400 },
    "nbf ahead": { ...marked, nbf: now + 60 },
    "iat ahead": { ...marked, iat: now + 60 },
    "no user": { exp: now + 600, jti: canary },
  }).map(([what, claims]) => refused("A06", `a token with ${what}`, signed(claims))),
  {
    id: "A06",
    what: "a token that has expired is 4402",
    async run(target) {
      expect(await refusal(target, { token: signed({ ...marked, exp: -1 }) })).toMatchObject({ code: 4402 });
    },
  },
  ...Object.entries({
    padding: `${respelt(signature)}=`,
    "white space": ` ${respelt(signature)}`,
    "four parts": `${respelt(signature)}.`,
    "five parts": `${respelt(signature)}.${claims}.${signature}`,
    "no payload": `${header}..${signature}`,
    "a character of base64": respelt(`${signature.slice(0, -1)}+`),
  }).map(([what, text]) => refused("A07", `a token with ${what}`, text)),
  refused("A08", "a token of 16 KB", signed({ ...marked, pad: "x".repeat(12_000) })),
  refused("A08", "a payload nested 5,000 deep", signed(`{"jti":"${canary}","a":${"[".repeat(5_000)}`)),
  ...Object.entries({
    empty: "",
    truncated: signature.slice(0, 20),
    "twice as long": signature + signature,
    "in hexadecimal": digest.toString("hex"),
    "in large hexadecimal": digest.toString("hex").toUpperCase(),
    "of another hash": createHmac("sha512", secret).update(`${header}.${claims}`).digest("base64url"),
  }).map(([what, text]) => refused("A09", `a signature ${what}`, respelt(text))),
  {
    id: "A13",
    what: "a token in the query lets nobody in where it was not asked for, and is in no log",
    async run(target) {
      const query = `?token=${signed(marked)}&access_token=${canary}`;
      expect(await refusal(target, { query })).toMatchObject({ code: 4401 });
    },
  },
  {
    id: "A13",
    what: "where it was asked for, it does, once",
    async run() {
      const target = await guarded({ query: "token" });
      const query = `?token=${token}&token=${token}`;
      expect(await refusal(target, { query })).toMatchObject({ code: 4401 });
      await target.check();
      await target.stop();
    },
  },
  {
    id: "A14",
    what: "a header or a cookie with a token comes back in no answer",
    async run(target) {
      const headers = { Authorization: `Bearer ${canary}`, Cookie: `session=${canary}` };
      expect((await refusal(target, { headers })).text).not.toContain(canary);
      for (const path of ["", "/open", "/poll", "/sse", "/nothing"]) {
        for (const method of ["GET", "POST", "OPTIONS", "DELETE"]) {
          const answer = await ask(`${target.url}${path}?token=${canary}`, { method, headers });
          expect(JSON.stringify(answer), `${method} ${path}`).not.toContain(canary);
        }
      }
    },
  },
  ...Object.entries<[() => unknown, number]>({
    throws: [
      () => {
        throw new Error(`token=${canary}`);
      },
      4500,
    ],
    rejects: [() => Promise.reject(new Error(`Bearer ${canary}`)), 4500],
    "returns nothing": [() => undefined, 4401],
    "returns true": [() => true, 4401],
    "returns a user that is none": [() => ({ userId: 7 }), 4500],
    "returns a function": [() => () => ({ userId: "ada" }), 4401],
  }).map(([what, [answer, code]]): Row => ({
    id: "A15",
    what: `a hook that ${what} lets nobody in`,
    async run(target) {
      hook = answer;
      const { code: closed, text } = await refusal(target, { token: canary });
      expect(closed).toBe(code);
      expect(text).not.toContain(canary);
      // Broken hooks are the application's, and its operator hears of them.
      expect(target.warnings.splice(0)).toHaveLength(code === 4500 ? 1 : 0);
    },
  })),
  {
    id: "A15",
    what: "a hook that answers with __proto__ makes nobody an administrator",
    async run(target) {
      hook = () => JSON.parse('{"userId":"ada","__proto__":{"polluted":true},"data":{"__proto__":1}}') as object;
      const link = await LinkClient.open(target.url, '{"type":"connect"}');
      expect((await link.poll(0)).body).toContain('"connected"');
      await link.close();
    },
  },
  {
    id: "A15",
    what: "a hook that never answers has 10 s, and what it says later counts for nothing",
    async run(target) {
      let late: (identity: object) => void = () => undefined;
      let isAsked = false;
      hook = () => {
        isAsked = true;
        return new Promise<object>((resolve) => (late = resolve));
      };
      const refusing = refusal(target, { token: canary });
      while (!isAsked) await turn();
      target.clock.advance(10_000);
      expect(await refusing).toMatchObject({ code: 4504 });
      late({ userId: "ada" });
      await turn();
      expect(target.server.stats().connections).toBe(1);
    },
  },
  {
    id: "A16",
    what: "one token on 150 connections is 100, over sockets and links alike; the others are told, and stay away",
    async run(target) {
      const sockets = await Promise.all(Array.from({ length: 75 }, () => RawSocket.open(target.url)));
      const connect = JSON.stringify({ type: "connect", token });
      for (const socket of sockets) await socket.write(text(connect));
      for (const socket of sockets) await socket.until(({ texts }) => texts.length > 0);
      const links = await Promise.all(Array.from({ length: 75 }, () => LinkClient.open(target.url, connect)));
      const polled = await Promise.all(links.map((link) => link.poll(0)));
      // The witness is one of them, and of those that came later 24 found room.
      const refused = polled.filter(({ body }) => body.includes("limit-exceeded"));
      expect([target.server.stats().connections, refused.length]).toEqual([100, 51]);
      const late = await refusal(target, { token });
      expect(late).toMatchObject({ code: 4403, text: expect.stringContaining("limit-exceeded") as string });
      for (const socket of sockets) socket.leave();
      for (const link of links) await link.close();
      while (target.server.stats().connections > 1) await turn();
      const link = await LinkClient.open(target.url, connect);
      expect((await link.poll(0)).body).toContain('"connected"');
      await link.close();
    },
  },
  ...["/metrics", "/admin", "/healthz", "/carillon/metrics"].map((path): Row => ({
    id: "A19",
    what: `${path} is nothing that a server shows by itself, whoever asks`,
    async run({ url }) {
      for (const headers of [
        {},
        { "X-Forwarded-For": "127.0.0.1" },
        { Host: "localhost" },
        { "X-Forwarded-Host": "localhost" },
      ]) {
        expect((await ask(new URL(path, url).href, { headers })).status).toBe(404);
      }
    },
  })),
];

describe("tokens", () => {
  hostile({ group: "A", start: guarded }, rows);
});
