import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { createServer } from "../../src/index.ts";
import { converse, headOf } from "./raw-request.ts";

const upgrade = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

test.each([
  ["control characters of a terminal", `https://evil.example/\u009b31m\u0085`],
  ["10,000 characters", `https://${"x".repeat(10_000)}.example`],
  ["quotes and backslashes", `"\\`.repeat(60)],
  ["bytes beyond ASCII", "é".repeat(200)],
  ["a token", "https://evil.example/?token=canary"],
])("what a refused page says is one short line of printable text in the log: %s", async (_, origin) => {
  const lines: string[] = [];
  const server = createServer({ logger: pino({ base: null }, { write: (line) => void lines.push(line) }) });
  onTestFinished(() => server.close());
  const { port } = await server.listen({ host: "127.0.0.1" });
  const head = headOf("GET /carillon HTTP/1.1", ["Host: x", ...upgrade, `Origin: ${origin}`]);
  const answer = await converse(`http://127.0.0.1:${port}`, Buffer.from(head, "latin1"));
  expect(answer).toMatch(/^HTTP\/1\.1 403 /);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^[ -~]+\n$/);
  expect(Buffer.byteLength(lines[0]!)).toBeLessThanOrEqual(512);
  expect(lines[0]).not.toContain("canary");
});
