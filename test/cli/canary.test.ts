import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { createClient, longPolling, sse, type Transport } from "../../src/client/index.ts";
import { nodeWebSocket } from "../../src/client/node.ts";
import { canary } from "../canary.ts";
import { file, start } from "./command.ts";

const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ${canary}.c2lnbmF0dXJl`;

const headers = { cookie: `session=${canary}`, authorization: `Bearer ${canary}` };

/** An application that is careless with what its clients tell it. */
const careless = `
export default {
  authenticate({ token, url, headers }) {
    if (url.searchParams.has("refuse")) return undefined;
    if (url.searchParams.has("throw")) {
      throw Object.assign(new Error("no user for " + JSON.stringify({ token }) + " at " + url), { token, headers });
    }
    return { userId: "ada" };
  },
  channels: { "broken-*": { authorize: () => { throw new Error("token=${canary} may not"); } } },
  setup(server) {
    server.on("break", () => { throw new Error("Authorization: Bearer ${canary} and ${jwt}"); });
    server.on("crash", () => { setImmediate(() => { throw new Error("set-cookie: session=${canary}"); }); });
  },
};`;

const ways: Readonly<Record<string, () => Transport>> = {
  webSocket: () => nodeWebSocket({ headers }),
  sse,
  longPolling,
};

test("a token and a cookie are in no log, no metric and no error, over all transports", async () => {
  const config = file("carillon.config.mjs", careless);
  const { url, ended, log, stderr, logged } = await start(["--config", config, "--metrics", "--log-level", "debug"]);
  const errors: unknown[] = [];
  const failed = (error: unknown): void => void errors.push(error);

  for (const [name, transport] of Object.entries(ways)) {
    for (const query of ["", "&refuse", "&throw"]) {
      const client = createClient(`${url}carillon?token=${canary}${query}`, {
        token: jwt,
        transports: [transport()],
        reconnect: false,
      });
      const connected = await client.connect().then(
        () => true,
        (error: unknown) => {
          failed(error);
          return false;
        },
      );
      expect([name, query, connected]).toEqual([name, query, query === ""]);
      if (!connected) continue;
      await client.channel("broken-1").subscribe().catch(failed);
      await client.request("break").catch(failed);
      await client.close();
    }
  }
  expect(errors).toHaveLength(12);

  const foreign = ["socket", "ws", "broadcast", "broadcasting", "ao", "rtc"];
  for (const path of foreign) {
    const socket = new WebSocket(`${url.replace("http", "ws")}${path}?token=${canary}`, { headers });
    socket.on("error", failed);
    await new Promise((resolve) => socket.once("open", resolve));
    const closed = new Promise((resolve) => socket.once("close", resolve));
    for (const key of ["event", "action", "e"]) socket.send(JSON.stringify({ [key]: "break", data: canary }));
    socket.send(`{"token":"${canary}"`);
    socket.close();
    await closed;
  }

  const answers: string[] = [];
  for (const path of [
    "",
    "metrics",
    "readyz",
    "healthz",
    "nothing",
    "carillon",
    "carillon/open",
    "carillon/stream",
    ...foreign,
  ]) {
    for (const method of ["GET", "POST"]) {
      const response = await fetch(`${url}${path}?token=${canary}`, {
        method,
        headers: { ...headers, "x-forwarded-for": canary },
        ...(method === "POST" && { body: `{"type":"connect","token":"${canary}"` }),
      });
      answers.push(JSON.stringify([...response.headers]), await response.text());
    }
  }

  const last = createClient(`${url}carillon`, { transports: [nodeWebSocket()], reconnect: false });
  await last.connect();
  last.send("crash");
  await logged("something was thrown that nobody caught");
  await ended;

  const written = JSON.stringify(log);
  expect(log.filter(({ msg }) => msg === "connected")).toHaveLength(4 + foreign.length);
  expect(written.split("[redacted]").length).toBeGreaterThan(6);
  const told = errors.map((error) => `${String(error)} ${JSON.stringify(error)} ${(error as Error).stack}`);
  for (const text of [written, stderr(), ...answers, ...told]) expect(text).not.toContain(canary);
});
