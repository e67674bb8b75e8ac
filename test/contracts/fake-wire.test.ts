import { describe, expect, it } from "vitest";
import type { Frame } from "../../src/engine/ports/wire.ts";
import { FakeWire, type FakeWireOptions } from "../../src/testing/fake-wire.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";

function recorded(options?: FakeWireOptions): { wire: FakeWire; log: unknown[] } {
  const log: unknown[] = [];
  const wire = new FakeWire(options);
  wire.handler = {
    receive: (frame) => log.push(frame),
    closed: (code, reason) => log.push([code, reason]),
  };
  return { wire, log };
}

describe("FakeWire", () => {
  it("records packets and frames in order, and gives new frames once", () => {
    const { wire } = recorded();
    const packet: readonly Frame[] = ["a", Uint8Array.of(1)];
    wire.send(packet);
    expect(wire.takeFrames()).toEqual(["a", Uint8Array.of(1)]);
    wire.send(["b"]);
    expect(wire.takeFrames()).toEqual(["b"]);
    expect(wire.takeFrames()).toEqual([]);
    expect(wire.packets[0]).toBe(packet);
    expect(wire.frames).toHaveLength(3);
  });

  it("stamps what is sent with the clock", () => {
    const clock = new ManualClock();
    const { wire } = recorded({ clock });
    clock.advance(7);
    wire.send(["a"]);
    clock.advance(7);
    expect(wire.lastWriteAt).toBe(7);
  });

  it("feeds frames to the handler, and keeps them while it is paused", () => {
    const { wire, log } = recorded();
    wire.receive("a", "b");
    wire.pause();
    wire.receive("c", "d");
    expect(log).toEqual(["a", "b"]);
    wire.resume();
    expect(log).toEqual(["a", "b", "c", "d"]);
  });

  it("stops feeding when the handler pauses it", () => {
    const wire = new FakeWire();
    const heard: Frame[] = [];
    wire.handler = { receive: (frame) => (heard.push(frame), wire.pause()), closed: () => undefined };
    wire.receive("a", "b");
    expect(heard).toEqual(["a"]);
    wire.resume();
    expect(heard).toEqual(["a", "b"]);
  });

  it.each<[string, (wire: FakeWire) => void, unknown]>([
    ["closing", (wire) => wire.close(4000, "why"), [4000, "why"]],
    ["closing without a code", (wire) => wire.close(), [1005, ""]],
    ["destroying", (wire) => wire.destroy(), [1006, ""]],
    ["hanging up", (wire) => wire.hangUp(), [1006, ""]],
  ])("%s is reported once, and nothing happens after it", (_, end, ending) => {
    const { wire, log } = recorded();
    end(wire);
    for (const again of [end, (other: FakeWire) => other.close(1000), (other: FakeWire) => other.destroy()])
      again(wire);
    wire.send(["late"]);
    wire.receive("late");
    expect(log).toEqual([ending]);
    expect(wire.frames).toEqual([]);
    expect(wire.isOpen).toBe(false);
  });

  it("stays half closed when its peer does not answer, until it is destroyed", () => {
    const { wire, log } = recorded({ peerAnswersClose: false });
    wire.close(4000, "why");
    wire.send(["late"]);
    expect([wire.isOpen, log, wire.frames]).toEqual([false, [], []]);
    expect(wire.closing).toEqual({ code: 4000, reason: "why" });
    wire.destroy();
    expect(log).toEqual([[4000, "why"]]);
    expect(wire.isDestroyed).toBe(true);
  });

  it("calls back once when its peer has read, and never after the end", () => {
    const { wire } = recorded();
    const calls: string[] = [];
    wire.bufferedBytes = 1_000;
    wire.whenDrained(() => calls.push("first"));
    wire.whenDrained(() => calls.push("second"));
    expect(calls).toEqual([]);
    wire.drain();
    wire.drain();
    expect([calls, wire.bufferedBytes]).toEqual([["first", "second"], 0]);
    wire.whenDrained(() => calls.push("never"));
    wire.hangUp();
    wire.drain();
    wire.whenDrained(() => calls.push("never"));
    wire.drain();
    expect(calls).toHaveLength(2);
  });
});
