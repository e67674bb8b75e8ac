/**
 * A transcript as one input: each frame has its length before it, in two bytes.
 *
 * A length that was changed takes more or less than there is, and the rest of the transcript is read out of step.
 */
export function joinFrames(frames: readonly Uint8Array[]): Uint8Array {
  const joined: number[] = [];
  for (const frame of frames) joined.push(frame.length >> 8, frame.length & 0xff, ...frame);
  return Uint8Array.from(joined);
}

export function splitFrames(input: Uint8Array): readonly Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at + 2 <= input.length;) {
    const end = at + 2 + ((input[at]! << 8) | input[at + 1]!);
    frames.push(input.slice(at + 2, end));
    at = end;
  }
  return frames;
}

/** Texts have lines instead, which the mutators cannot get out of step. */
export function splitLines(text: string): readonly string[] {
  return text.split("\n");
}
