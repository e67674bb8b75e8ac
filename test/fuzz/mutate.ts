import type { SeededRandom } from "../simulation/world/random.ts";

/** Changes an input; `corpus` and `words` are there to be borrowed from. */
export interface Material {
  readonly corpus: readonly Uint8Array[];
  readonly words: readonly Uint8Array[];
}

type Mutator = (input: Uint8Array, random: SeededRandom, material: Material) => Uint8Array;

const encoder = new TextEncoder();

/** What parsers stumble over, whatever they parse. */
const words: readonly Uint8Array[] = [
  ...[
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "toJSON",
    "then",
    "length",
    "null",
    "true",
    "[]",
    "{}",
    '""',
  ],
  ...["-0", "-1", "1e400", "1e-400", "9007199254740992", "2147483648", "4294967296", "0x10", "NaN", "undefined"],
  ...["\0", "\r\n", "\n\n", "\u2028", "\ufeff", "\ufffd", "😀", "\\ud800", "\\u0000", "%00", "%ff", "..", "//", "\\"],
].map((word) => encoder.encode(word));

/** Bytes at the edges of what formats tell apart. */
const edges = [0x00, 0x01, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x5b, 0x5c, 0x7b, 0x7f, 0x80, 0xc0, 0xc1, 0xed, 0xfe, 0xff];

const mutators: readonly Mutator[] = [
  flipBit,
  edgeByte,
  insertWord,
  insertWord,
  changeNumber,
  changeLength,
  remove,
  repeat,
  splice,
  swapTokens,
  swapTokens,
  truncate,
];

/** An input of a target's corpus, changed a few times; the same for the same random numbers. */
export function mutant(random: SeededRandom, material: Material, maxBytes: number): Uint8Array {
  let input = random.pick(material.corpus);
  // Many changes at once hardly ever get past the first check.
  const changes = 1 + Math.floor(random.next() ** 3 * 8);
  for (let change = 0; change < changes; change += 1) {
    input = random.pick(mutators)(input, random, material);
    if (input.length > maxBytes) input = input.subarray(0, maxBytes);
  }
  return input;
}

function flipBit(input: Uint8Array, random: SeededRandom): Uint8Array {
  return changed(input, random, (byte) => byte ^ (1 << random.whole(0, 7)));
}

function edgeByte(input: Uint8Array, random: SeededRandom): Uint8Array {
  return changed(input, random, () => random.pick(edges));
}

function insertWord(input: Uint8Array, random: SeededRandom, material: Material): Uint8Array {
  const word = random.pick(material.words.length > 0 && random.chance(0.6) ? material.words : words);
  const at = random.whole(0, input.length);
  return join(input.subarray(0, at), word, input.subarray(at + (random.chance(0.5) ? word.length : 0)));
}

/** Numbers in decimal, by one more, one less, or another one. */
function changeNumber(input: Uint8Array, random: SeededRandom): Uint8Array {
  const found = runs(input, isDigit);
  if (found.length === 0) return flipBit(input, random);
  const [start, end] = random.pick(found);
  const value = BigInt(new TextDecoder().decode(input.subarray(start, Math.min(end, start + 40))));
  const other = random.pick([value + 1n, value - 1n, value * 2n, value << 32n, 0n, 2n ** 53n, 10n ** 20n]);
  return join(input.subarray(0, start), encoder.encode(String(other)), input.subarray(end));
}

/** Binary formats have their lengths in one, two or four bytes; any of them may be one. */
function changeLength(input: Uint8Array, random: SeededRandom): Uint8Array {
  if (input.length === 0) return input;
  const copy = input.slice();
  const width = Math.min(random.pick([1, 2, 4]), copy.length);
  const at = random.whole(0, copy.length - width);
  const view = new DataView(copy.buffer);
  const near = random.whole(-2, 2);
  if (width === 1) view.setUint8(at, view.getUint8(at) + near);
  else if (width === 2) view.setUint16(at, random.pick([0xffff, 0, copy.length, view.getUint16(at) + near]));
  else if (width === 4)
    view.setUint32(at, random.pick([0xffffffff, 0x7fffffff, copy.length, view.getUint32(at) + near]));
  return copy;
}

function remove(input: Uint8Array, random: SeededRandom): Uint8Array {
  const [start, end] = part(input, random);
  return join(input.subarray(0, start), input.subarray(end));
}

/** A part of it, so often that only a limit stops it. */
function repeat(input: Uint8Array, random: SeededRandom): Uint8Array {
  const [start, end] = part(input, random);
  const piece = input.subarray(start, Math.min(end, start + 64));
  const times = random.chance(0.2) ? random.whole(64, 1_024) : random.whole(1, 8);
  return join(input.subarray(0, end), ...Array.from({ length: times }, () => piece), input.subarray(end));
}

function splice(input: Uint8Array, random: SeededRandom, { corpus }: Material): Uint8Array {
  const other = random.pick(corpus);
  const [start, end] = part(other, random);
  const at = random.whole(0, input.length);
  return join(
    input.subarray(0, at),
    other.subarray(start, end),
    input.subarray(random.chance(0.5) ? at : input.length),
  );
}

/** Two words of the text change places, or one stands in for the other. */
function swapTokens(input: Uint8Array, random: SeededRandom): Uint8Array {
  const found = runs(input, isWordByte);
  if (found.length < 2) return flipBit(input, random);
  const [first, second] = [random.pick(found), random.pick(found)].toSorted(([one], [other]) => one - other);
  const [a, b] = [input.subarray(...first!), input.subarray(...second!)];
  if (first![1] > second![0]) return input;
  const between = input.subarray(first![1], second![0]);
  return join(input.subarray(0, first![0]), b, between, random.chance(0.5) ? a : b, input.subarray(second![1]));
}

function truncate(input: Uint8Array, random: SeededRandom): Uint8Array {
  return input.subarray(0, random.whole(0, input.length));
}

function changed(input: Uint8Array, random: SeededRandom, change: (byte: number) => number): Uint8Array {
  if (input.length === 0) return input;
  const copy = input.slice();
  const at = random.whole(0, copy.length - 1);
  copy[at] = change(copy[at]!);
  return copy;
}

function part(input: Uint8Array, random: SeededRandom): readonly [number, number] {
  const start = random.whole(0, input.length);
  return [start, random.whole(start, Math.min(input.length, start + (random.chance(0.5) ? 8 : input.length)))];
}

function runs(input: Uint8Array, belongs: (byte: number) => boolean): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  for (let at = 0; at < input.length; at += 1) {
    if (!belongs(input[at]!)) continue;
    const start = at;
    while (at < input.length && belongs(input[at]!)) at += 1;
    found.push([start, at]);
  }
  return found;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isWordByte(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x5f;
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((bytes, { length }) => bytes + length, 0));
  let at = 0;
  for (const one of parts) {
    joined.set(one, at);
    at += one.length;
  }
  return joined;
}
