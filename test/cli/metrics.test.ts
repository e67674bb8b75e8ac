import { describe, expect, test } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { nodeWebSocket } from "../../src/client/node.ts";
import { parseExposition } from "../metrics/parse-exposition.ts";
import { file, start } from "./command.ts";

describe("/metrics", () => {
  test("is not there unless it is asked for", async () => {
    const { url } = await start();
    expect((await fetch(`${url}metrics`)).status).toBe(404);
  });

  test.each([
    ["by flag", ["--metrics"], {}],
    ["by variable", [], { CARILLON_METRICS: "true" }],
  ] as const)("counts what happens, when it is asked for %s", async (_, args, env) => {
    const { url } = await start(args, env);
    const client = createClient(`${url}carillon`, { transports: [nodeWebSocket()] });
    await client.connect();
    const response = await fetch(`${url}metrics`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(parseExposition(await response.text()).get("carillon_connections")?.value).toBe(1);
    await client.close();
  });

  test("takes GET and HEAD only, and no upgrade", async () => {
    const { url } = await start(["--metrics"]);
    expect((await fetch(`${url}metrics`, { method: "POST" })).status).toBe(405);
    const client = createClient(`${url}metrics`, { transports: [nodeWebSocket()], reconnect: false });
    await expect(client.connect()).rejects.toMatchObject({ code: "connect-failed" });
    expect((await fetch(`${url}metrics`)).status).toBe(200);
  });
});

describe("/readyz", () => {
  test("is 503 when the broker does not start, and says what is wrong", async () => {
    const config = file(
      "carillon.config.mjs",
      `const never = () => Promise.reject(new Error("no route"));
      const broker = { start: never, subscribe: never, unsubscribe: never, publish: never, read: never, signal: never,
        close: async () => undefined };
      export default { broker };`,
    );
    const { url } = await start(["--config", config]);
    const response = await fetch(`${url}readyz`);
    expect([response.status, await response.json()]).toEqual([
      503,
      { status: "unready", checks: { accepting: true, eventLoop: true, broker: false } },
    ]);
    expect((await fetch(`${url}healthz`)).status).toBe(200);
  });
});
