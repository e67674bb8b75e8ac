import { parseJson } from "../../../src/dialects/json.ts";
import { CarillonError } from "../../../src/errors/carillon-error.ts";
import { declared, must, textOf, texts, type Target } from "../target.ts";

/** The limit is 32, and a list of messages may be around it. */
const deepest = 33;

export const json: Target = {
  name: "json",
  corpus: texts(
    '{"type":"publish","channel":"lobby","event":"chat","data":{"text":"hi \\"there\\" \\\\ \\u00e9","n":-1.5e3}}',
    `[{"a":[true,false,null]},{"b":{}},"text",[[[[]]]]]`,
    `${'{"a":['.repeat(16)}1${"]}".repeat(16)}`,
    `[${Array.from({ length: 400 }, (_, index) => `{"k${index}":"[{"}`).join()}]`,
  ),
  words: ['"', "\\", '\\"', "[", "{", "]", "}", ",", ":", '{"a":', "[[[[[[[[", "\\\\", "\\u005c"],
  maxBytes: 32_768,
  run(input) {
    const text = textOf(input);
    const isDeclared = (error: unknown): boolean =>
      error instanceof SyntaxError || (error instanceof CarillonError && error.code === "bad-request");
    const value = declared(() => ({ parsed: parseJson(text) }), isDeclared);
    if (!value) return;
    must(depthOf(value.parsed) <= deepest, "deeper than the limit");
    must(JSON.stringify(value.parsed) === JSON.stringify(JSON.parse(text)), "not what JSON.parse says");
  },
};

/** How deep a value is, found by looking at it. */
export function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Object.values(value).reduce((most: number, item: unknown) => Math.max(most, depthOf(item)), 0);
}
