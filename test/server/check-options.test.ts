import { describe, expect, test } from "vitest";
import { createServer, native, type ServerOptions } from "../../src/index.ts";

/** Whoever writes JavaScript has no compiler to say it. */
function made(options: unknown): () => unknown {
  return () => createServer(options as ServerOptions);
}

describe("what the compiler would refuse is refused when the server is made", () => {
  test.each([
    [{ authentiacte: () => undefined }, "there is no option authentiacte; there are endpoints, "],
    [{ authenticate: "jwt" }, "authenticate must be a function"],
    [{ endpoints: [] }, "endpoints must be an object"],
    [{ endpoints: { "/x": "native" } }, 'endpoints: "/x" must be a dialect such as native()'],
    [{ endpoints: { "/x": native } }, 'endpoints: "/x" must be a dialect such as native()'],
    [{ broker: 3 }, "broker must be a broker such as memoryBroker()"],
    [{ channels: [] }, "channels must be an object"],
    [{ channels: new Map([["a", {}]]) }, "channels must be an object"],
    [8080, "what createServer is given must be an object"],
    [null, "what createServer is given must be an object"],
    [{ channels: { "a-*": null } }, 'channels: "a-*" must be an object'],
    [{ channels: { "a-*": { authorise: () => false } } }, 'channels: "a-*": there is no option authorise; there are '],
    [{ channels: { "a-*": { authorize: false } } }, 'channels: "a-*": authorize must be a function'],
    [
      { channels: { "a-*": { publish: "sever" } } },
      'channels: "a-*": publish must be one of "subscribers", "anyone", ',
    ],
    [{ channels: { "a-*": { publish: "owner", ownerLeaves: true } } }, 'ownerLeaves must be one of "keep", "close"'],
    [{ channels: { "a-*": { whispers: "yes" } } }, 'channels: "a-*": whispers must be true or false'],
    [
      { channels: { "a-*": { history: { size: 1, ttl: 1 } } } },
      'channels: "a-*": history: there is no option ttl; there are size, ttlMs',
    ],
    [
      { channels: { "a-*": { state: { key: 1 } } } },
      'channels: "a-*": state: there is no option key; there are keys, bytes, ttlMs',
    ],
    [{ schemas: { chat: 3 } }, 'schemas: "chat" must be a Standard Schema'],
    [{ origins: "https://a.example" }, "origins must be a list of origins such as "],
    [
      { trustProxy: "10.0.0.0/8" },
      "trustProxy must be false, how many proxies there are, or a list of their addresses",
    ],
    [{ trustProxy: true }, "trustProxy must be false, how many proxies there are, or a list of their addresses"],
    [{ admission: { conections: 1 } }, "admission: there is no option conections; there are connections, "],
    [{ messageRate: { perSec: 1 } }, "messageRate: there is no option perSec; there are perSecond, burst"],
    [{ health: { maxDelay: 1 } }, "health: there is no option maxDelay; there are maxEventLoopDelayMs"],
    [{ limits: 3 }, "limits must be an object"],
    [{ logger: "console" }, "logger must be a logger such as the console"],
    [{ clock: Date }, "clock must be a clock"],
    [{ random: Math.random }, "random must be a source of randomness"],
  ])("%j", (options, message) => {
    expect(made(options)).toThrow(expect.objectContaining({ code: "option-invalid" }));
    expect(made(options)).toThrow(message);
  });

  test("what is undefined was not given", () => {
    const nothing = {
      authenticate: undefined,
      channels: { "a-*": { authorize: undefined } },
      schemas: { a: undefined },
    };
    expect(made({ ...nothing, logger: undefined, endpoints: undefined, admission: undefined })).not.toThrow();
  });
});
