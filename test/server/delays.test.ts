import { describe, expect, test } from "vitest";
import { checkNumber } from "../../src/engine/check-number.ts";
import { createServer, native, type Server, type ServerOptions } from "../../src/index.ts";
import { maxTimerMs } from "../../src/platform/clock.ts";
import { createTestServer } from "../../src/testing/test-server.ts";

const longer = [maxTimerMs + 1, Infinity, NaN, 1.5, "5000"] as const;
const range = (least: number): string => `must be a whole number from ${least} to 2147483647`;

describe("a longer timer than there is would fire at once", () => {
  test("the longest delay is fine, one millisecond more is none; what is no delay may be more", () => {
    expect(() => checkNumber("here", "aMs", maxTimerMs, 1)).not.toThrow();
    expect(() => checkNumber("here", "aMs", maxTimerMs + 1, 1)).toThrow(`here: aMs ${range(1)}`);
    expect(() => checkNumber("here", "a", maxTimerMs + 1, 1)).not.toThrow();
    expect(() => checkNumber("here", "a", 2 ** 53, 1)).toThrow("here: a must be a whole number of at least 1");
    expect(() => checkNumber("here", "aMs", 0, 0)).not.toThrow();
    expect(() => checkNumber("here", "aMs", 0, 1)).toThrow(`here: aMs ${range(1)}`);
  });

  test.each(longer)("limits, batches and endpoints take no delay of %s", (value) => {
    const made = (options: object) => () => createServer(options as ServerOptions);
    expect(made({ limits: { presenceGraceMs: value } })).toThrow(`limits: presenceGraceMs ${range(1)}`);
    expect(made({ limits: { brokerTimeoutMs: value } })).toThrow(`limits: brokerTimeoutMs ${range(1)}`);
    expect(() => native({ linkIdleMs: value as number })).toThrow(`native: linkIdleMs ${range(1)}`);
    const batch = { everyMs: value as number };
    expect(() => createServer().batch("chat", batch)).toThrow(`batch: everyMs ${range(1)}`);
  });

  test.each(longer)("a request does not wait for %s ms", async (value) => {
    const { server, connection } = await withClient();
    const asked = connection.request("late", undefined, { timeoutMs: value as number });
    await expect(asked).rejects.toMatchObject({ code: "option-invalid", message: `request: timeoutMs ${range(1)}` });
    await server.close({ timeoutMs: 0 });
  });

  test.each(longer)(
    "a server that is to close within %s ms goes on, and closes when it is told properly",
    async (value) => {
      const { server, connection } = await withClient();
      const refused = server.close({ timeoutMs: value as number });
      await expect(refused).rejects.toMatchObject({ code: "option-invalid", message: `close: timeoutMs ${range(0)}` });
      expect([server.isReady, connection.isOpen]).toEqual([true, true]);
      await server.close({ timeoutMs: maxTimerMs });
      expect([server.isReady, connection.isOpen]).toEqual([false, false]);
    },
  );
});

async function withClient(): Promise<{ server: Server; connection: Server["connections"][number] }> {
  const { server, client } = createTestServer();
  await client({ reconnect: false }).connect();
  return { server, connection: server.connections[0]! };
}
