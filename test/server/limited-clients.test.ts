import { describe, expect, test } from "vitest";
import { Echo } from "../transports/http/echo.ts";
import { ask, LinkClient, type Answered } from "../transports/http/link-client.ts";
import { serve } from "../transports/http/serve.ts";
import { handshake } from "./raw-client.ts";

const from = (ip: string): Record<string, string> => ({ "X-Forwarded-For": ip });
const json = { "Content-Type": "application/json" };

const opened = (url: string, headers: Record<string, string> = {}): Promise<Answered> =>
  ask(`${url}/open`, { method: "POST", headers: { ...json, ...headers }, body: "" });

describe("a server with room for few", () => {
  test("turns the next WebSocket and the next link away until one has left", async () => {
    const { url, server } = await serve(new Echo(), { admission: { connections: 2 } });
    const first = await handshake(url);
    const link = await LinkClient.open(url);
    const refusals = [await handshake(url), await opened(url)];
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ status: 503, body: "the server is full\n" });
      expect(Number(refusal.headers["retry-after"])).toBeGreaterThanOrEqual(1);
    }
    expect(server.stats().turnedAway).toBe(2);
    first.socket!.destroy();
    expect(await settled(() => opened(url))).toBe(200);
    await link.close();
    expect(await settled(() => handshake(url))).toBe(101);
    expect((await opened(url)).status).toBe(503);
  });

  test("LP22: turns the 101st link of one address away with 429, and nobody else", async () => {
    const { url } = await serve(new Echo(), { trustProxy: 1 });
    for (let n = 0; n < 100; n += 1) expect((await opened(url, from("203.0.113.7"))).status).toBe(200);
    const refused = await opened(url, from("203.0.113.7"));
    expect(refused).toMatchObject({
      status: 429,
      headers: { "retry-after": expect.stringMatching(/^\d+$/) as string },
    });
    expect((await handshake(url, { headers: from("203.0.113.7") })).status).toBe(429);
    expect((await opened(url, from("203.0.113.8"))).status).toBe(200);
  });

  test("counts nobody who was refused for something else", async () => {
    const { url } = await serve(new Echo(), { admission: { connections: 1 } });
    for (let n = 0; n < 5; n += 1) {
      const html = { method: "POST", headers: { "Content-Type": "text/html" } };
      expect(await settled(() => handshake(url, { headers: { "Sec-WebSocket-Key": "abc" } }))).toBe(400);
      expect(await settled(() => ask(`${url}/open`, html))).toBe(415);
      expect(await settled(() => ask(`${url}/open`))).toBe(405);
    }
    expect(await settled(() => handshake(url))).toBe(101);
  });

  test("L14: lets in as many as a second allows", async () => {
    const { url, clock } = await serve(new Echo(), { admission: { handshakesPerSecond: 2 } });
    expect([(await handshake(url)).status, (await opened(url)).status]).toEqual([101, 200]);
    expect([(await handshake(url)).status, (await opened(url)).status]).toEqual([503, 503]);
    clock.advance(500);
    expect([(await handshake(url)).status, (await opened(url)).status]).toEqual([101, 503]);
  });

  test("sends nothing but the refusal to a page of another origin, whoever has room", async () => {
    const { url } = await serve(new Echo(), { admission: { connections: 1 } });
    await handshake(url);
    expect((await handshake(url, { headers: { Origin: "https://evil.example" } })).status).toBe(403);
  });
});

describe("the address of a client", () => {
  test("H33: is what a trusted proxy says, and 20 guesses of one client are not those of another", async () => {
    const { url, echo } = await serve(new Echo(), { trustProxy: ["127.0.0.1"] });
    await opened(url, from("1.1.1.1, 203.0.113.7"));
    expect(echo.sessions[0]!.handshake.ip).toBe("203.0.113.7");
    for (let n = 0; n < 21; n += 1) await ask(`${url}/poll?link=x&after=0`, { headers: from("203.0.113.7") });
    expect((await ask(`${url}/poll?link=x&after=0`, { headers: from("203.0.113.7") })).status).toBe(429);
    expect((await ask(`${url}/poll?link=x&after=0`, { headers: from("203.0.113.8") })).status).toBe(400);
  });

  test("H33: is the peer's when nobody is trusted, and the operator is told once", async () => {
    const warnings: string[] = [];
    const logger = {
      info: () => undefined,
      warn: (_facts: object, message: string) => void warnings.push(message),
      error: () => undefined,
    };
    const { url, echo } = await serve(new Echo(), { logger });
    for (let n = 0; n < 3; n += 1) await opened(url, from("203.0.113.7"));
    expect(echo.sessions.map(({ handshake: { ip } }) => ip)).toEqual(["127.0.0.1", "127.0.0.1", "127.0.0.1"]);
    expect(warnings).toEqual([expect.stringContaining("set trustProxy")]);
  });
});

/** What it is answered when there is room: the end of a connection is noticed a few turns later. */
async function settled(asking: () => Promise<{ readonly status: number }>): Promise<number> {
  for (;;) {
    const { status } = await asking();
    if (status !== 503) return status;
  }
}
