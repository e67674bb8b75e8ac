import { expect, describe, test } from "vitest";
import { Echo } from "../transports/http/echo.ts";
import { ask, type Answered } from "../transports/http/link-client.ts";
import { serve } from "../transports/http/serve.ts";

const ours = "https://app.example.com";

function allowed({ headers }: Answered): unknown {
  return [headers["access-control-allow-origin"], headers["access-control-allow-credentials"], headers.vary];
}

function open(url: string, origin: string | undefined): Promise<Answered> {
  const headers = { "Content-Type": "application/json", ...(origin !== undefined && { Origin: origin }) };
  return ask(`${url}/open`, { method: "POST", headers, body: "1" });
}

describe("plain requests of pages", () => {
  test("of an allowed origin are answered for that origin, whatever becomes of them", async () => {
    const { url } = await serve(new Echo(), { origins: [ours] });
    const opened = await open(url, ours);
    expect(allowed(opened)).toEqual([ours, "true", "Origin"]);
    const { link } = JSON.parse(opened.body) as { link: string };
    const headers = { Origin: ours };
    expect(allowed(await ask(`${url}/poll?link=${link}&after=0`, { headers }))).toEqual([ours, "true", "Origin"]);
    const unknown = await ask(`${url}/poll?link=x&after=0`, { headers });
    expect(unknown.status).toBe(400);
    expect(allowed(unknown)).toEqual([ours, "true", "Origin"]);
  });

  test("of an allowed origin may read when to come back", async () => {
    const { url } = await serve(new Echo(), { origins: [ours], admission: { connections: 1 } });
    expect((await open(url, ours)).status).toBe(200);
    const { status, headers } = await open(url, ours);
    expect(status).toBe(503);
    expect(headers["retry-after"]).toMatch(/^\d+$/);
    expect(headers["access-control-expose-headers"]).toBe("Retry-After");
  });

  test("LP25: of another origin are refused, whatever they are, and nothing happens", async () => {
    const { url, echo, link } = await serve(new Echo(), { origins: [ours] });
    const client = await link("1");
    for (const origin of ["https://evil.example", `${ours}.evil.io`, "null", ""]) {
      const headers = { Origin: origin };
      const body = "x";
      for (const answer of [
        await open(url, origin),
        await ask(client.at("poll", { after: 0 }), { headers }),
        await ask(client.at("sse"), { headers }),
        await ask(client.at("close"), { method: "POST", headers }),
        await ask(client.at("send", { seq: 1 }), {
          method: "POST",
          headers: { ...headers, "Content-Type": "application/json" },
          body,
        }),
      ]) {
        expect(answer.status).toBe(403);
        expect(allowed(answer)).toEqual([undefined, undefined, undefined]);
      }
    }
    expect(echo.sessions).toHaveLength(1);
    expect(echo.last.received).toEqual(["1"]);
    expect((await client.poll(0)).body).toBe("[1]");
  });

  test("of the server's own origin, and of no page at all, are let in", async () => {
    const { url } = await serve();
    expect((await open(url, new URL(url).origin)).status).toBe(200);
    const plain = await open(url, undefined);
    expect(plain.status).toBe(200);
    expect(allowed(plain)).toEqual([undefined, undefined, undefined]);
  });

  test("may come from anywhere when the dialect says so", async () => {
    const echo = new Echo();
    const { url } = await serve(Object.assign(echo, { origins: "any" }));
    expect(allowed(await open(url, "https://anywhere.example"))).toEqual([
      "https://anywhere.example",
      "true",
      "Origin",
    ]);
  });
});

describe("a preflight", () => {
  const preflight = (url: string, origin: string): Promise<Answered> =>
    ask(url, { method: "OPTIONS", headers: { Origin: origin, "Access-Control-Request-Method": "POST" } });

  test("of an allowed origin says what may be sent", async () => {
    const { url } = await serve(new Echo(), { origins: [ours] });
    for (const [action, method] of [
      ["open", "POST"],
      ["send", "POST"],
      ["poll", "GET"],
      ["sse", "GET"],
      ["close", "POST"],
    ]) {
      const answer = await preflight(`${url}/${action}?link=x`, ours);
      expect(answer).toMatchObject({ status: 204, body: "" });
      expect(allowed(answer)).toEqual([ours, "true", "Origin"]);
      expect(answer.headers["access-control-allow-methods"]).toBe(method);
      expect(answer.headers["access-control-allow-headers"]).toBe("Content-Type, Last-Event-ID");
    }
  });

  test("H32: of a foreign origin is told nothing", async () => {
    const { url } = await serve(new Echo(), { origins: [ours] });
    const { status, headers } = await preflight(`${url}/open`, "https://evil.example");
    expect(status).toBe(403);
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  test("of nobody says which methods there are", async () => {
    const { url } = await serve();
    const answer = await ask(`${url}/send`, { method: "OPTIONS" });
    expect(answer).toMatchObject({ status: 204, headers: { allow: "POST, OPTIONS" } });
  });
});
