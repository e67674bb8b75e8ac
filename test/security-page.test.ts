import { describe, expect, test } from "vitest";
import { defaultLimits } from "../src/engine/limits.ts";
import { createServer } from "../src/index.ts";
import { admissionDefaults } from "../src/server/admission.ts";
import { optionInterfaces } from "./documentation/interfaces.ts";
import { readPage } from "./documentation/pages.ts";

const page = readPage("SECURITY.md");
const words = Array.from(page.matchAll(/`([^`\n]+)`/g), ([, word = ""]) => word);

describe("SECURITY.md", () => {
  test("names only options that there are", () => {
    const options = new Set(optionInterfaces().flatMap(({ defaults }) => Object.keys(defaults)));
    const others = new Set(["userId", "details", "expiresAt", "socketGo", "goWs", "aoWebsockets", "SameSite"]);
    const named = words.flatMap((word) => word.split(".")).filter((word) => /^[a-z]+([A-Z][a-z]+)+$/.test(word));
    expect(named).toContain("trustProxy");
    expect(named.filter((name) => !options.has(name) && !others.has(name))).toEqual([]);
  });

  test("calls only what a server has", async () => {
    const server = createServer();
    const called = Array.from(page.matchAll(/\bserver\.channel\(name\)\.(\w+)/g), ([, name = ""]) => name);
    expect(called).toEqual(["remove"]);
    expect(called.filter((name) => !(name in server.channel("a")))).toEqual([]);
    await server.close();
  });

  test.each([
    [admissionDefaults.connectionsPerIp, "clients of one address"],
    [admissionDefaults.handshakesPerSecond, "handshakes in a second"],
    [defaultLimits.subscriptions, "channels and 256 open requests"],
    [defaultLimits.pendingRequests, "open requests per connection"],
    [defaultLimits.heldDeliveries, "deliveries while it is not ready"],
    [defaultLimits.whispersPerSecond, "whispers in a second"],
    [defaultLimits.presenceChangesPerSecond, "joins and leaves of one channel in a second"],
    [defaultLimits.brokerTimeoutMs / 1_000, "s for anything that is asked of one"],
  ])("says %d %s, as it is by default", (figure, what) => {
    expect(page).toContain(`${figure.toLocaleString("en")} ${what}`);
  });
});
