import { CarillonError } from "../errors/carillon-error.ts";

/**
 * Refuses lists that say they are longer than their frame: the decoder makes room for what a list says, and a hundred bytes
 * can ask for more memory than there is.
 *
 * Every item has a byte of its own at least, so all lists and maps together hold no more items than the frame has bytes.
 *
 * @throws {CarillonError} `bad-request`
 */
export function checkLengths(frame: Uint8Array): void {
  // Most messages have no list of more than 15 items, and two searches say so in a fraction of what the walk costs.
  if (!frame.includes(list16) && !frame.includes(list32)) return;
  let items = 0;
  for (let at = 0; at < frame.length;) {
    const { size, holds } = valueAt(frame, at);
    at += size;
    items += holds;
    if (items >= frame.length) throw new CarillonError("bad-request", { message: "a list is longer than its frame" });
  }
}

interface Value {
  /** Its bytes, without those of its items. */
  readonly size: number;
  /** So many items follow; a map has two for each field. */
  readonly holds: number;
}

const list16 = 0xdc;
const list32 = 0xdd;

/** Sizes of what has always the same, from `0xca` on: floats, unsigned and signed integers, extensions. */
const fixedSizes = [5, 9, 2, 3, 5, 9, 2, 3, 5, 9, 3, 4, 6, 10, 18];

/** @see the MessagePack specification, "overview": the first byte says what comes, or how long it is */
function valueAt(frame: Uint8Array, at: number): Value {
  const head = frame[at]!;
  if (head < 0x80 || head >= 0xe0) return { size: 1, holds: 0 };
  if (head < 0x90) return { size: 1, holds: 2 * (head & 0x0f) };
  if (head < 0xa0) return { size: 1, holds: head & 0x0f };
  if (head < 0xc0) return { size: 1 + (head & 0x1f), holds: 0 };
  if (head < 0xc4) return { size: 1, holds: 0 };
  if (head < 0xc7) return sized(frame, at, 1 << (head - 0xc4), 1);
  if (head < 0xca) return sized(frame, at, 1 << (head - 0xc7), 2);
  if (head < 0xd9) return { size: fixedSizes[head - 0xca]!, holds: 0 };
  if (head < 0xdc) return sized(frame, at, 1 << (head - 0xd9), 1);
  const width = head % 2 === 0 ? 2 : 4;
  return { size: 1 + width, holds: numberAt(frame, at + 1, width) * (head < 0xde ? 1 : 2) };
}

/** Bytes behind their number. @param besides the bytes that are neither */
function sized(frame: Uint8Array, at: number, width: number, besides: number): Value {
  return { size: besides + width + numberAt(frame, at + 1, width), holds: 0 };
}

/** What is not there any more counts as zeros; the decoder refuses it. */
function numberAt(frame: Uint8Array, at: number, width: number): number {
  let number = 0;
  for (let index = at; index < at + width; index += 1) number = number * 256 + (frame[index] ?? 0);
  return number;
}
