import { describe, expect, test } from "vitest";
import { socketGoEncoder } from "../../../src/dialects/socket-go/encoder.ts";
import { readMessage } from "../../../src/dialects/socket-go/message.ts";
import { newId } from "../../../src/dialects/socket-go/new-id.ts";
import { systemRandom } from "../../../src/platform/random.ts";
import { inbound, invalid, outbound } from "./vectors.ts";

describe("the messages of socket.go", () => {
  test.each(inbound)("%s is understood", (text, message) => {
    expect(readMessage(text)).toEqual(message);
    expect(readMessage(new TextEncoder().encode(text))).toEqual(message);
  });

  test.each(invalid)("SGO-3 %s is none", (text) => {
    const fault = expect.objectContaining({ code: "bad-request", message: "invalid message format" });
    expect(() => readMessage(text)).toThrow(fault);
    expect(() => readMessage(new TextEncoder().encode(text))).toThrow(fault);
  });

  test("JSON as deep and as long as may be is understood, and no more", () => {
    const deep = (depth: number): string => `{"event":"x","data":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
    expect(readMessage(deep(32)).event).toBe("x");
    expect(() => readMessage(deep(33))).toThrow("invalid message format");
  });

  test.each(outbound)("%s is said", (_, delivery, frames) => {
    expect(socketGoEncoder.encode(delivery)).toEqual(frames);
  });

  test("names in JSON reach no prototype", () => {
    const { data } = readMessage('{"__proto__":{"event":"x"},"event":"y","data":{"__proto__":{"polluted":1}}}');
    expect(Object.hasOwn(data as object, "__proto__")).toBe(true);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test("an id is 16 and 4 hexadecimal digits, no two alike, and none of them fixed", () => {
    const ids = new Set(Array.from({ length: 500 }, () => newId(systemRandom)));
    expect(ids.size).toBe(500);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{16}-[0-9a-f]{4}$/);
    for (let at = 0; at < 21; at += 1) {
      if (at !== 16) expect(new Set(Array.from(ids, (id) => id[at])).size).toBeGreaterThan(8);
    }
  });
});
