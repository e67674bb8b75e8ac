import { describe, expect, it } from "vitest";
import { native } from "../../../src/dialects/native/dialect.ts";
import { nativeDefaults, type NativeOptions } from "../../../src/dialects/native/options.ts";
import { FakeWire } from "../../../src/testing/fake-wire.ts";
import { handshake } from "../../engine/support.ts";
import { nativeWorld } from "./support.ts";

const names = Object.keys(nativeDefaults) as (keyof NativeOptions)[];
const numbers = names.filter((name) => typeof nativeDefaults[name] === "number");
const mayBeZero = new Set<string>(["heartbeatMs", "resumeMs", "pingMs", "compressFromBytes"]);

describe("native()", () => {
  it("has the defaults that are documented", () => {
    expect(nativeDefaults).toEqual({
      connectTimeoutMs: 10_000,
      heartbeatMs: 10_000,
      resumeMs: 120_000,
      http: true,
      pollHoldMs: 25_000,
      linkIdleMs: 30_000,
      maxMessageBytes: 65_536,
      pingMs: 25_000,
      pongMs: 8_000,
      maxBufferedBytes: 1_048_576,
      compressFromBytes: 0,
    });
    expect(native()).toMatchObject({ name: "native", origins: "server" });
  });

  it.each(names)("refuses a %s that cannot work, naming it", (name) => {
    const values = [
      -1,
      1.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 53,
      "1",
      null,
      1n,
      ...(mayBeZero.has(name) ? [] : [0]),
      ...(name.endsWith("Ms") ? [2 ** 31] : []),
    ];
    for (const value of values) {
      expect(() => native({ [name]: value as number })).toThrow(
        expect.objectContaining({ code: "option-invalid", message: expect.stringContaining(name) }),
      );
    }
  });

  it("serves plain requests, unless that is switched off", () => {
    const { engine } = nativeWorld();
    expect(native().mount(engine).http).toMatchObject({
      pollHoldMs: 25_000,
      linkIdleMs: 30_000,
      formats: [{ contentType: "application/json" }, { contentType: "application/vnd.msgpack", isBinary: true }],
    });
    expect(native({ http: false }).mount(engine).http).toBeUndefined();
  });

  it.each(numbers)("takes a %s that can", (name) => {
    for (const value of [1, 10_000, ...(mayBeZero.has(name) ? [0] : [])])
      expect(() => native({ [name]: value })).not.toThrow();
  });

  it("takes an option that is undefined for one that was not given", () => {
    const options = Object.fromEntries(names.map((name) => [name, undefined])) as NativeOptions;
    const { webSocket } = native(options).mount(nativeWorld().engine);
    expect(webSocket).toMatchObject({ maxMessageBytes: 65_536, pingMs: 25_000 });
  });
});

describe("the handshake", () => {
  const route = (offered?: string): unknown => {
    const header = (name: string): string | undefined => (name === "sec-websocket-protocol" ? offered : undefined);
    return nativeWorld().endpoint.route({ ...handshake(), header });
  };

  it.each<[string | undefined, string | undefined]>([
    [undefined, undefined],
    ["carillon.v1.json", "carillon.v1.json"],
    ["carillon.v1.msgpack", "carillon.v1.msgpack"],
    ["carillon.v1.msgpack, carillon.v1.json", "carillon.v1.msgpack"],
    ["carillon.v1.json,carillon.v1.msgpack", "carillon.v1.json"],
    ["graphql-ws, carillon.v1.msgpack", "carillon.v1.msgpack"],
    ["carillon.v2.json", undefined],
    ["CARILLON.V1.JSON", undefined],
    ["", undefined],
    [",,", undefined],
    ["__proto__, constructor", undefined],
  ])("that offers %j opens with %j", (offered, chosen) => {
    expect(route(offered)).toEqual(chosen === undefined ? { kind: "open" } : { kind: "open", subprotocol: chosen });
  });

  it("reads 64 KB of commas and blanks in linear time", () => {
    const start = performance.now();
    expect(route(", ".repeat(32_000))).toEqual({ kind: "open" });
    expect(performance.now() - start).toBeLessThan(200);
  });

  it.each([undefined, "unknown"])("without a subprotocol that is known (%s) JSON is spoken", (subprotocol) => {
    const { endpoint } = nativeWorld();
    const wire = new FakeWire();
    wire.handler = endpoint.open(wire, handshake(), subprotocol);
    wire.receive('{"type":"connect"}');
    expect(wire.frames).toHaveLength(1);
    expect(JSON.parse(wire.frames[0] as string)).toMatchObject({ type: "connected" });
  });
});
