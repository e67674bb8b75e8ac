import { expect, test, vi } from "vitest";
import type { Logger } from "../../src/index.ts";
import { countedAddress, isLoopback } from "../../src/engine/address-counts.ts";
import { clientAddress, type TrustProxy } from "../../src/server/client-address.ts";

const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

const ofThis = (trustProxy: TrustProxy, peer: string, forwardedFor?: string): string =>
  clientAddress(trustProxy, silent)({ peer, forwardedFor });

test.each<[TrustProxy, string, string | undefined, string]>([
  // Nobody is believed unless somebody says so.
  [false, "10.0.0.1", undefined, "10.0.0.1"],
  [false, "10.0.0.1", "203.0.113.7", "10.0.0.1"],
  [false, "::ffff:10.0.0.1", "203.0.113.7", "10.0.0.1"],
  [false, "", "203.0.113.7", ""],
  // A list: as far from the right as it holds.
  [["10.0.0.0/8"], "10.0.0.1", "203.0.113.7", "203.0.113.7"],
  [["10.0.0.0/8"], "::ffff:10.0.0.1", "203.0.113.7", "203.0.113.7"],
  [["10.0.0.0/8"], "11.0.0.0", "203.0.113.7", "11.0.0.0"],
  [["10.0.0.0/8"], "10.255.255.255", "1.1.1.1, 203.0.113.7,10.0.0.2", "203.0.113.7"],
  [["10.0.0.0/8"], "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
  [["10.0.0.1"], "10.0.0.1", "203.0.113.7, 10.0.0.2", "10.0.0.2"],
  [["fd00::/8", "10.0.0.1/32"], "fd00::1", "2001:DB8::7, 10.0.0.1", "2001:db8::7"],
  [["10.0.0.0/8"], "", "203.0.113.7", ""],
  // A count: as many from the right.
  [1, "10.0.0.1", "1.1.1.1, 203.0.113.7", "203.0.113.7"],
  [2, "10.0.0.1", "1.1.1.1, 203.0.113.7", "1.1.1.1"],
  [3, "10.0.0.1", "1.1.1.1, 203.0.113.7", "1.1.1.1"],
  [1, "", "203.0.113.7", "203.0.113.7"],
  [1, "10.0.0.1", undefined, "10.0.0.1"],
  // Ports are left off.
  [1, "10.0.0.1", "203.0.113.7:5000", "203.0.113.7"],
  [1, "10.0.0.1", "[2001:db8::7]:5000", "2001:db8::7"],
  [1, "10.0.0.1", "[2001:db8::7]", "2001:db8::7"],
  // Nothing is guessed: the last address that is sure counts.
  [1, "10.0.0.1", "", "10.0.0.1"],
  [1, "10.0.0.1", ",", "10.0.0.1"],
  [2, "10.0.0.1", "' OR 1, 203.0.113.7", "203.0.113.7"],
  [2, "10.0.0.1", "203.0.113.7, ' OR 1", "10.0.0.1"],
  [2, "10.0.0.1", "203.0.113.7, unknown", "10.0.0.1"],
  [1, "10.0.0.1", "fe80::1%eth0", "10.0.0.1"],
  [1, "10.0.0.1", "256.1.1.1", "10.0.0.1"],
])("H33: trusting %j, %j with %j is %j", (trustProxy, peer, forwardedFor, expected) => {
  expect(ofThis(trustProxy, peer, forwardedFor)).toBe(expected);
});

test("H33: a thousand hops are walked to the first that is not trusted", () => {
  const hops = Array.from({ length: 1_000 }, (_, n) => `10.0.${n >> 8}.${n & 255}`);
  expect(ofThis(["10.0.0.0/8"], "10.0.0.1", ["203.0.113.7", ...hops].join(","))).toBe("203.0.113.7");
  expect(ofThis(["10.0.0.0/8"], "10.0.0.1", hops.join(","))).toBe("10.0.0.0");
});

test("says once that a peer is not trusted", () => {
  const warn = vi.fn<(facts: object, message: string) => void>();
  const addressOf = clientAddress(["10.0.0.1"], { ...silent, warn });
  addressOf({ peer: "10.0.0.2", forwardedFor: undefined });
  addressOf({ peer: "10.0.0.1", forwardedFor: "203.0.113.7" });
  expect(warn).toHaveBeenCalledTimes(0);
  for (let n = 0; n < 3; n += 1) addressOf({ peer: "10.0.0.2", forwardedFor: "203.0.113.7" });
  expect(warn).toHaveBeenCalledTimes(1);
});

test.each<[TrustProxy]>([
  [0],
  [-1],
  [1.5],
  [NaN],
  [["10.0.0.0/33"]],
  [["::/129"]],
  [["proxy"]],
  [[""]],
  [["10.0.0.1/"]],
])("%j is no option", (trustProxy) => {
  expect(() => clientAddress(trustProxy, silent)).toThrow(
    expect.objectContaining({ code: "option-invalid", message: expect.stringContaining("trustProxy") as string }),
  );
});

test.each([["10.0.0.0/0"], ["10.0.0.0/32"], ["::/0"], ["::1/128"]])("%j is one", (range) => {
  expect(() => clientAddress([range], silent)).not.toThrow();
});

test.each([
  ["203.0.113.7", "203.0.113.7"],
  ["", ""],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:0db8:1:0002::6", "2001:db8:1:2::/64"],
  ["2001:db8::6", "2001:db8:0:0::/64"],
  ["2001:db8::", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["64:ff9b::203.0.113.7", "64:ff9b:0:0::/64"],
])("%j counts as %j", (ip, counted) => {
  expect(countedAddress(ip)).toBe(counted);
});

test.each([
  ["127.0.0.1", true],
  ["127.255.0.9", true],
  ["::1", true],
  ["128.0.0.1", false],
  ["::2", false],
  ["", false],
])("%j is this machine: %j", (ip, expected) => {
  expect(isLoopback(ip)).toBe(expected);
});
