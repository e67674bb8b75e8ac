import type { CodecFrame } from "../../protocol/codec.ts";

const decoder = new TextDecoder();

/** The messages of a frame that may hold several, one to a line; what is no JSON object goes to `bad` and harms no other. */
export function objectsIn(frame: CodecFrame, bad: (error: unknown) => void): readonly Message[] {
  const text = typeof frame === "string" ? frame : decoder.decode(frame);
  return text.split("\n").flatMap((line) => {
    if (line.trim() === "") return [];
    try {
      const value: unknown = JSON.parse(line);
      if (isMessage(value)) return [value];
      throw new SyntaxError(`no object: ${line.slice(0, 40)}`);
    } catch (error) {
      bad(error);
      return [];
    }
  });
}

type Message = Readonly<Record<string, unknown>>;

function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
