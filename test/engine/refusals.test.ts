import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { errorCodes, type ErrorCode } from "../../src/errors/codes.ts";
import { errorFamily } from "../../src/errors/families.ts";
import { CarillonError } from "../../src/errors/carillon-error.ts";
import { codeOf, PendingBroker, world } from "./support.ts";

describe("what clients are refused", () => {
  it("is told with who wanted what, and is no failure", async () => {
    const one = world({ channels: { news: { publish: "server" }, lobby: { whispers: true } } });
    one.application.schemas.set("typed", v.number());
    const ada = one.connected("ada");
    await ada.subscribe("lobby");
    const tries = [
      () => ada.subscribe("private-x"),
      () => ada.subscribe("lobby"),
      () => ada.publish("news", "say"),
      () => ada.publish("lobby", "typed", "text"),
      () => ada.whisper("news", "typing"),
      () => ada.send("error"),
      () => ada.request("nobody"),
    ];
    for (const attempt of tries) expect(await codeOf(attempt)).toBeDefined();
    const told = one.application.refusals.map(({ error, family, action, channel, event }) =>
      [family, error.code, action, channel, event].join(" "),
    );
    expect(told).toEqual([
      "authorization forbidden subscribe private-x ",
      "message already-subscribed subscribe lobby ",
      "authorization forbidden publish news say",
      "message payload-invalid publish lobby typed",
      "whisper forbidden whisper news typing",
      "message event-name-invalid send  error",
      "message no-handler request  nobody",
    ]);
    expect(new Set(one.application.refusals.map(({ connection }) => connection))).toEqual(new Set([ada.connection]));
    expect(one.application.reported).toEqual([]);
    expect(one.engine.stats().failures).toBe(0);
  });

  it("is told of whispers that come too fast, as of the family of whispers", async () => {
    const one = world({ channels: { "*": { whispers: true } }, limits: { whispersPerSecond: 1 } });
    const ada = one.connected("ada");
    await ada.subscribe("lobby");
    for (let times = 0; times < 3; times += 1) await codeOf(() => ada.whisper("lobby", "typing"));
    expect(one.application.refusals.at(-1)).toMatchObject({ family: "whisper", error: { code: "rate-limited" } });
  });

  it.each<[string, CarillonError | undefined, object]>([
    ["undefined", undefined, { family: "authentication", error: { code: "unauthorized" } }],
    ["token-expired", new CarillonError("token-expired"), { family: "authentication" }],
    ["forbidden", new CarillonError("forbidden"), { family: "authorization" }],
    ["rate-limited", new CarillonError("rate-limited"), { family: "rate" }],
  ])("is told when nobody is let in: %s", async (_, thrown, refusal) => {
    const one = world();
    one.application.authenticate = () => {
      if (thrown) throw thrown;
      return undefined;
    };
    const client = one.client();
    await codeOf(() => client.connect("token"));
    expect(one.application.refusals).toMatchObject([{ action: "connect", handshake: { ip: "127.0.0.1" }, ...refusal }]);
    expect(one.application.refusals[0]?.connection).toBe(client.connection);
  });

  it("is told when one that is there cannot be known again", async () => {
    const one = world();
    const { handshake } = one.connected("ada").connection;
    one.application.authenticate = () => undefined;
    expect(await codeOf(() => one.engine.identify(handshake, "old"))).toBe("unauthorized");
    expect(one.application.refusals).toMatchObject([{ action: "connect", family: "authentication", handshake }]);
    expect(one.application.refusals[0]).not.toHaveProperty("connection");
  });

  it("does not include what the server failed at, nor what came from clients that are gone", async () => {
    const broker = new PendingBroker();
    const one = world({ broker, channels: { "*": { publish: "anyone" } } });
    one.application.authenticate = () => {
      throw new Error("no database");
    };
    expect(await codeOf(() => one.client().connect())).toBe("internal");
    const ada = one.connected("ada");
    const published = codeOf(() => ada.publish("lobby", "say"));
    await broker.fail();
    expect(await published).toBe("broker-unavailable");
    ada.wire.hangUp();
    expect(await codeOf(() => ada.subscribe("lobby"))).toBe("closed");
    expect(one.application.refusals).toEqual([]);
    expect(one.application.failureCodes).toEqual(["internal", "broker-unavailable"]);
  });

  it("is told to nobody who does not want to know", async () => {
    const one = world();
    one.application.hearsRefusals = false;
    await codeOf(() => one.connected("ada").subscribe("private-x"));
    expect(one.application.refusals).toEqual([]);
  });
});

describe("every code of errors", () => {
  it.each(Object.keys(errorCodes) as ErrorCode[])("has a family: %s", (code) => {
    expect(errorFamily(new CarillonError(code))).toMatch(
      /^(authentication|authorization|rate|connection|message|broker|internal)$/,
    );
  });
});
