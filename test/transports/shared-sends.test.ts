import { setImmediate as turn } from "node:timers/promises";
import fc from "../properties.ts";
import { describe, expect, test } from "vitest";
import type { Packet } from "../../src/engine/ports/wire.ts";
import { frame } from "../../src/transports/websocket/framing.ts";
import { SharedSends, type Sends } from "../../src/transports/shared-sends.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";

/** As hexadecimal text: a shared buffer may be a `Buffer` or not. */
function framed(...texts: readonly string[]): string {
  return hex(frame([texts]));
}

function sharedSends(): SharedSends {
  return new SharedSends(frame, new ManualClock());
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString("hex");
}

interface Wire {
  readonly written: Uint8Array[];
  readonly sends: Sends;
}

function wire(shared: SharedSends): Wire {
  const written: Uint8Array[] = [];
  return { written, sends: shared.sends({ write: (bytes) => void written.push(bytes) }) };
}

describe("SharedSends", () => {
  test("what a wire is told in one turn is written once, at its end", async () => {
    const { written, sends } = wire(sharedSends());
    sends.push(["a"]);
    sends.push(["b"]);
    expect(written).toEqual([]);
    await turn();
    expect(written.map(hex)).toEqual([framed("a", "b")]);
  });

  test("wires that were told the same share one buffer, and a wire that differs stands alone", async () => {
    const shared = sharedSends();
    const [ada, bob, cem] = [wire(shared), wire(shared), wire(shared)];
    const packets: Packet[] = [["one"], ["two"]];
    for (const packet of packets) for (const { sends } of [ada, bob, cem]) sends.push(packet);
    cem.sends.push(["only cem"]);
    await turn();
    expect(ada.written[0]).toBe(bob.written[0]);
    expect(cem.written.map(hex)).toEqual([framed("one", "two", "only cem")]);
  });

  test("equal text in different packets is not shared: identity decides", async () => {
    const shared = sharedSends();
    const [ada, bob] = [wire(shared), wire(shared)];
    ada.sends.push(["same"]);
    bob.sends.push(["same"]);
    await turn();
    expect(hex(ada.written[0])).toBe(hex(bob.written[0]));
    expect(ada.written[0]).not.toBe(bob.written[0]);
  });

  test("flushing a wire early writes what it is owed once, and dropping it writes nothing", async () => {
    const shared = sharedSends();
    const [ada, bob] = [wire(shared), wire(shared)];
    ada.sends.push(["a"]);
    bob.sends.push(["b"]);
    ada.sends.flush();
    bob.sends.drop();
    expect(ada.written.map(hex)).toEqual([framed("a")]);
    ada.sends.push(["later"]);
    await turn();
    expect(ada.written.map(hex)).toEqual([framed("a"), framed("later")]);
    expect(bob.written).toEqual([]);
  });

  test("a packet that stands on many branches is on each of them", async () => {
    const shared = sharedSends();
    const wires = Array.from({ length: 4 }, () => wire(shared));
    const [first, second]: Packet[] = [["first"], ["second"]];
    for (const [index, { sends }] of wires.entries()) {
      sends.push([`reply ${index}`]);
      sends.push(first!);
      sends.push(second!);
    }
    await turn();
    for (const [index, { written }] of wires.entries()) {
      expect(written.map(hex)).toEqual([framed(`reply ${index}`, "first", "second")]);
    }
  });

  test("a turn of more than 1 MiB is written in parts, in order and without waiting", async () => {
    const shared = sharedSends();
    const [ada, bob] = [wire(shared), wire(shared)];
    const texts = Array.from({ length: 4 }, (_, n) => String(n).repeat(400_000));
    for (const text of texts) {
      const packet = [text];
      ada.sends.push(packet);
      bob.sends.push(packet);
    }
    // Three of them are more than 1 MiB; bob was not told the third one yet.
    expect(hex(ada.written[0]) === framed(...texts.slice(0, 3))).toBe(true);
    expect(hex(bob.written[0]) === framed(...texts.slice(0, 2))).toBe(true);
    await turn();
    expect(ada.written.map(hex).join("") === framed(...texts)).toBe(true);
    expect(bob.written.map(hex).join("") === framed(...texts)).toBe(true);
  });

  test("whatever is sent to whom, every wire gets its own list, in order, in one write a turn", async () => {
    const packets: Packet[] = ["a", "b", "c", "d"].map((text) => [text]);
    const schedule = fc.array(
      fc.array(fc.tuple(fc.nat(3), fc.uniqueArray(fc.nat(4), { minLength: 1 })), { maxLength: 8 }),
      { maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(schedule, async (turns) => {
        const shared = sharedSends();
        const wires = Array.from({ length: 5 }, () => wire(shared));
        for (const sendings of turns) {
          const lists = wires.map(() => [] as Packet[]);
          for (const [packet, to] of sendings) {
            for (const index of to) {
              wires[index]!.sends.push(packets[packet]!);
              lists[index]!.push(packets[packet]!);
            }
          }
          await turn();
          for (const [index, list] of lists.entries()) {
            const { written } = wires[index]!;
            expect(written.map(hex)).toEqual(list.length === 0 ? [] : [framed(...(list.flat() as string[]))]);
            written.length = 0;
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
