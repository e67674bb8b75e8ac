import { positionText, readPosition } from "../../../src/dialects/native/position.ts";
import { must, textOf, texts, type Target } from "../target.ts";

export const position: Target = {
  name: "position",
  corpus: texts("0d6f3f5c-1f0a-4f43-8a53-6ad2a8f2f6b7.42.a1b2c3", "e.0.t", `${"e".repeat(64)}.9007199254740991.t`),
  words: [".", "0", "9007199254740991", "9007199254740992", "-", "_"],
  executions: 20_000,
  run(input) {
    const text = textOf(input);
    const read = readPosition(text);
    // One position has one spelling.
    must(read === undefined || positionText(read) === text, "read as another position than it is");
    must(read === undefined || (read.offset >= 0 && Number.isSafeInteger(read.offset)), "an offset that cannot be");
  },
};
