import { expect, test } from "vitest";
import { welcomeVisitor } from "../../src/cli/visitors.ts";

test.each([
  ["Ada", "Ada"],
  ["  Ada Lovelace ", "Ada Lovelace"],
  ["<b>Ada</b>", "<b>Ada</b>"],
  ["A\u0000d\ra\n\u007f\u0085\u2028", "Ada"],
  ["\u202eadA", "adA"],
  ["x".repeat(50), "x".repeat(40)],
  ["🔔".repeat(50), "🔔".repeat(40)],
  ["👩‍🚀", "👩‍🚀"],
])("%j is called %j", (asked, name) => {
  const url = new URL("ws://host/carillon");
  url.searchParams.set("name", asked);
  expect(welcomeVisitor({ url })).toEqual({ info: { name } });
});

test.each(["", "?name=", "?name=%20%0a", "?other=Ada"])("%j is nobody in particular", (query) => {
  expect(welcomeVisitor({ url: new URL(`ws://host/carillon${query}`) })).toEqual({});
});
