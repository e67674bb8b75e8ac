import { describe, expect, it } from "vitest";
import { beAlone } from "../../bench/alone.ts";

describe.skipIf(process.platform !== "linux")("a benchmark (on Linux)", () => {
  it("refuses to run beside another", async () => {
    // This one may be beside a real one, too.
    await beAlone().catch(() => undefined);
    await expect(beAlone()).rejects.toThrow("another benchmark runs");
  });
});
