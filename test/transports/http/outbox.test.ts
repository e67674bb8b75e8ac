import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { Outbox, PacketSizes } from "../../../src/transports/http/outbox.ts";

function filled(count: number): Outbox {
  const outbox = new Outbox();
  for (let n = 1; n <= count; n += 1) outbox.push([String(n)], [10]);
  return outbox;
}

describe("an outbox", () => {
  test("keeps what was not acknowledged, and knows how many there were", () => {
    const outbox = new Outbox();
    outbox.push(["a", "b"], [1, 2]);
    outbox.push(["c"], [4]);
    expect(outbox).toMatchObject({ sent: 3, forgotten: 0, bytes: 7 });
    expect(outbox.since(0)).toEqual(["a", "b", "c"]);
    outbox.forget(1);
    expect(outbox).toMatchObject({ sent: 3, forgotten: 1, bytes: 6 });
    expect(outbox.since(1, 1)).toEqual(["b"]);
    expect(outbox.since(2)).toEqual(["c"]);
    expect(outbox.since(3)).toEqual([]);
    outbox.clear();
    expect(outbox).toMatchObject({ sent: 3, forgotten: 3, bytes: 0 });
  });

  test("forgets no more than it has, and nothing twice", () => {
    const outbox = filled(2);
    outbox.forget(1);
    outbox.forget(1);
    outbox.forget(0);
    expect(outbox).toMatchObject({ sent: 2, forgotten: 1, bytes: 10 });
  });

  test("trims to exactly so many bytes, the oldest first", () => {
    const outbox = filled(5);
    outbox.trim(30);
    expect(outbox.since(outbox.forgotten)).toEqual(["3", "4", "5"]);
    outbox.trim(29);
    expect(outbox.since(outbox.forgotten)).toEqual(["4", "5"]);
    outbox.trim(0);
    expect(outbox).toMatchObject({ sent: 5, forgotten: 5, bytes: 0 });
  });

  test("stays right over thousands of frames, whatever is taken away meanwhile", () => {
    const outbox = new Outbox();
    for (let n = 1; n <= 5_000; n += 1) {
      outbox.push([String(n)], [1]);
      if (n % 3 === 0) outbox.forget(n - 100);
      expect(outbox.since(n - 1)).toEqual([String(n)]);
      expect(outbox.bytes).toBe(outbox.sent - outbox.forgotten);
    }
    expect(outbox.since(4_950, 2)).toEqual(["4951", "4952"]);
  });
});

test("packets are measured in bytes, in both kinds of frame", () => {
  const sizes = new PacketSizes();
  const packet = ["aé€", Buffer.from([1, 2])];
  expect(sizes.of(packet)).toEqual([6, 2]);
  expect(sizes.of(packet)).toBe(sizes.of(packet));
  expect(sizes.of(["a"])).toEqual([1]);
  expect(sizes.of(packet)).toEqual([6, 2]);
});
