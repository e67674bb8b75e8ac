import { signal, type ReadonlySignal } from "@preact/signals";
import type { CodecFrame } from "../client/index.ts";
import { msgpackCodec } from "../client/msgpack.ts";

/** Frames that are kept in each direction. */
const kept = 200;

export type Direction = "sent" | "received";

export interface LoggedFrame {
  readonly key: number;
  readonly direction: Direction;
  readonly time: number;
  readonly bytes: number;
  readonly isBinary: boolean;
  /** What it says; `undefined` when it could not be read. */
  readonly content: unknown;
}

/** What went over the wire, oldest first. */
export interface WireLog {
  readonly frames: ReadonlySignal<readonly LoggedFrame[]>;
  /** Everything since the page was opened, the frames that are no longer kept included. */
  readonly totals: ReadonlySignal<Readonly<Record<Direction, { readonly frames: number; readonly bytes: number }>>>;
  add(direction: Direction, frame: CodecFrame): void;
  clear(): void;
}

export function createWireLog(): WireLog {
  const nothing = { frames: 0, bytes: 0 };
  const frames = signal<readonly LoggedFrame[]>([]);
  const totals = signal({ sent: nothing, received: nothing });
  let key = 0;

  return {
    frames,
    totals,
    add(direction, frame) {
      const bytes = typeof frame === "string" ? new TextEncoder().encode(frame).length : frame.length;
      const isBinary = typeof frame !== "string";
      const logged = { key: key++, direction, time: Date.now(), bytes, isBinary, content: contentOf(frame) };
      const all = [...frames.value, logged];
      const surplus = all.filter((other) => other.direction === direction).length > kept;
      const oldest = surplus ? all.findIndex((other) => other.direction === direction) : -1;
      frames.value = all.filter((_, at) => at !== oldest);
      const { frames: count, bytes: size } = totals.value[direction];
      totals.value = { ...totals.value, [direction]: { frames: count + 1, bytes: size + bytes } };
    },
    clear() {
      frames.value = [];
    },
  };
}

function contentOf(frame: CodecFrame): unknown {
  try {
    if (typeof frame === "string") return JSON.parse(frame) as unknown;
    const messages = msgpackCodec().decode(frame);
    return messages.length === 1 ? messages[0] : messages;
  } catch {
    return undefined;
  }
}
