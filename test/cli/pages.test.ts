import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startFor, type Running } from "./command.ts";

let server: Running;

beforeAll(async () => {
  server = await startFor();
});

afterAll(async () => {
  server.kill("SIGKILL");
  await server.ended;
});

describe("health", () => {
  test.each([
    ["/healthz", { status: "ok" }],
    ["/readyz", { status: "ready", checks: { accepting: true, eventLoop: true, broker: true } }],
    ["/readyz?verbose", { status: "ready", checks: { accepting: true, eventLoop: true, broker: true } }],
  ])("%s", async (path, body) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toEqual(body);
  });
});

describe("the demo page", () => {
  test("may load nothing from elsewhere, and connect to its own host only", async () => {
    const response = await get("/");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("content-security-policy")).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ws://127.0.0.1:${server.port} wss://127.0.0.1:${server.port}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("cache-control")).toBe("no-cache");
    expect(await response.text()).not.toMatch(/<script(?![^>]* src=)|<style|style=|https?:/);
  });

  test("is the same document at both of its addresses", async () => {
    const [chat, languages] = [await get("/"), await get("/languages")];
    expect(languages.headers.get("content-security-policy")).toBe(chat.headers.get("content-security-policy"));
    expect(await languages.text()).toBe(await chat.text());
  });

  test("does not repeat a host that would add to the policy", async () => {
    const { headers } = await raw("/", { host: "a;script-src *" });
    expect(headers["content-security-policy"]).toContain("connect-src 'self';");
  });

  test("has assets whose names change with their contents, and which are kept for ever", async () => {
    const html = await (await get("/")).text();
    const assets = [...html.matchAll(/(?:src|href)="(\/demo\/[^"]+)"/g)].map(([, path]) => path!);
    const types = await Promise.all(
      assets.map(async (path) => {
        const { status, headers } = await get(path);
        expect([path, status]).toEqual([path, 200]);
        expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
        expect(headers.get("x-content-type-options")).toBe("nosniff");
        return headers.get("content-type");
      }),
    );
    expect(new Set(types)).toEqual(
      new Set(["image/svg+xml", "text/css; charset=utf-8", "text/javascript; charset=utf-8"]),
    );
  });
});

describe("/carillon.js", () => {
  test("is the SDK in one file, for pages everywhere", async () => {
    const response = await get("/carillon.js");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const code = await response.text();
    expect(code).toMatch(/export\s*\{[^}]*createClient/);
    expect(code).not.toMatch(/\bimport\s*[("'{]/);
  });
});

describe("HTTP", () => {
  test.each(["/", "/languages", "/carillon.js"])("%s is not sent again to whoever has it", async (path) => {
    const { headers } = await get(path);
    const tag = headers.get("etag")!;
    expect(tag).toMatch(/^"[\w-]{22}"$/);
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, "*"]) {
      const { status, body } = await raw(path, { "if-none-match": known });
      expect([known, status, body]).toEqual([known, 304, ""]);
    }
    expect((await get(path, { headers: { "if-none-match": '"other"' } })).status).toBe(200);
  });

  test.each(["/", "/languages", "/carillon.js", "/healthz", "/readyz"])(
    "HEAD %s is GET without the body",
    async (path) => {
      const got = await get(path);
      const { status, headers, body } = await raw(path, {}, "HEAD");
      expect(status).toBe(200);
      expect(headers["content-type"]).toBe(got.headers.get("content-type"));
      expect(Number(headers["content-length"])).toBe((await got.arrayBuffer()).byteLength);
      expect(body).toBe("");
    },
  );

  test.each(["POST", "PUT", "DELETE", "OPTIONS"])("%s is answered with 405 and what is allowed", async (method) => {
    for (const path of ["/", "/languages", "/carillon.js", "/healthz"]) {
      const response = await get(path, { method });
      expect([path, response.status, response.headers.get("allow")]).toEqual([path, 405, "GET, HEAD"]);
    }
  });

  test.each([
    "/nothing",
    "/index.html",
    "/demo",
    "/demo/",
    "/demo/index.html",
    "/demo/../../package.json",
    "/demo/%2e%2e/%2e%2e/package.json",
    "/../package.json",
    "//healthz",
    "/__proto__",
    "/constructor",
    "/CARILLON.JS",
  ])("%s is not there, and the answer says what is", async (path) => {
    const { status, headers, body } = await raw(path);
    expect(status).toBe(404);
    expect(headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(body).toContain("a demo page at /, its SDK at /carillon.js");
  });

  test("the endpoint of the WebSockets says what it is", async () => {
    const response = await get("/carillon");
    expect(response.status).toBe(426);
    expect(await response.text()).toContain("connect with a WebSocket");
  });
});

function get(path: string, options: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${server.port}${path}`, options);
}

/** Without what `fetch` does to a path and an answer. */
function raw(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
): Promise<{ status: number; headers: Readonly<Record<string, unknown>>; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port: server.port, path, headers, method }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => (body += part));
      response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    asked.on("error", reject).end();
  });
}
