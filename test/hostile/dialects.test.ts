import { describe, expect } from "vitest";
import { firstWords } from "./first-words.ts";
import { languages, startAll, type Language } from "./languages.ts";
import { hostile, type Row } from "./rows.ts";
import { visit } from "./visitor.ts";

/** The same words, as bytes. */
const asBytes = (words: string | Uint8Array): Uint8Array =>
  typeof words === "string" ? new TextEncoder().encode(words) : words;

/** To a dialect that reads bytes as text, they are text; echoed they stay bytes. */
function asRead(language: Language, message: Uint8Array, said: string | Uint8Array): string | Uint8Array {
  return language.name === "go-rtc-lib echo" ? message : said;
}

const confusions: readonly Row[] = languages.flatMap((language) =>
  Object.entries(firstWords)
    .filter(([speaker]) => speaker !== language.name)
    .map(([speaker, words]): Row => ({
      id: "G22",
      what: `what clients of ${speaker} say first is ${language.name} to ${language.name}, and nothing else`,
      async run(target) {
        for (const said of words) {
          const bytes = asBytes(said);
          const heard = await visit(target, language, [bytes]);
          expect(heard, `${String(said)} as bytes`).toEqual({
            ...language.reaction(asRead(language, bytes, said)),
            subscriptions: 0,
          });
          if (typeof said !== "string") continue;
          expect(await visit(target, language, [said]), said).toEqual({ ...language.reaction(said), subscriptions: 0 });
        }
      },
    })),
);

/** What has to come of the first words of each where they belong; otherwise the rows above would prove nothing. */
const atHome: readonly (readonly [language: string, told: RegExp | undefined, subscriptions: number])[] = [
  ["native", /^\{"type":"connected"/, 0],
  ["rtbroadcaster", /"status":\{"value":3,"text":"connected"\}/, 1],
  ["socket.go", /"event":"userJoined"/, 1],
  ["ao-websockets", /"e":"channel:joined"/, 1],
  ["go-ws", undefined, 1],
  ["go-rtc-lib groups", undefined, 1],
  ["go-rtc-lib echo", /^hello$/, 0],
];

const understood = atHome.map(([name, told, subscriptions]): Row => ({
  id: "G22",
  what: `what clients of ${name} say first is understood where it belongs`,
  async run(target) {
    const language = languages.find((one) => one.name === name)!;
    const heard = await visit(target, language, firstWords[name]!.slice(0, 1));
    expect(heard).toEqual({ told: told ? [expect.stringMatching(told)] : [], subscriptions });
  },
}));

describe("dialects that are taken for each other", () => {
  hostile({ group: "G", start: startAll }, [...understood, ...confusions]);
});
