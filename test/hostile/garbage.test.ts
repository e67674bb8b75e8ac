import { describe, expect } from "vitest";
import { turn } from "../transports/http/serve.ts";
import { firstWords } from "./first-words.ts";
import { frame, noise, RawSocket, text } from "./frames.ts";
import { languages, startAll, type Language } from "./languages.ts";
import { hostile, type Row } from "./rows.ts";
import type { Target } from "./target.ts";
import { urlOf, visit } from "./visitor.ts";

type Message = string | Uint8Array;

/** A row for each of the languages. */
function each(id: string, what: string, run: (target: Target, language: Language) => Promise<void>): readonly Row[] {
  return languages.map((language) => ({
    id,
    what: `${what} (${language.name})`,
    run: (target) => run(target, language),
  }));
}

/** Each of these messages is answered, ignored, or closed with one of the language's codes, and the rest is heard. */
async function survives(target: Target, language: Language, messages: readonly Message[]): Promise<void> {
  for (const message of messages) {
    const { code } = await visit(target, language, [message]);
    expect([undefined, ...(language.closesWith ?? [])], String(message).slice(0, 100)).toContain(code);
  }
}

/** The same, behind a good beginning, in one conversation, for as long as it lasts. */
async function survivesTogether(target: Target, language: Language, messages: readonly Message[]): Promise<void> {
  const { code } = await visit(target, language, [...greetingOf(language), ...messages]);
  expect([undefined, ...(language.closesWith ?? [])]).toContain(code);
}

const greetingOf = ({ greeting }: Language): readonly string[] => (greeting === undefined ? [] : [greeting]);

/** A socket of the language, on which its clients may say anything. */
async function rawSocket(target: Target, language: Language): Promise<RawSocket> {
  const socket = await RawSocket.open(urlOf(target, language).replace(/^ws/, "http"));
  await socket.write(...greetingOf(language).map((greeting) => text(greeting)));
  return socket;
}

const alphabet = '{}[]":,.-+0123456789eE\\u truefalsn \n\u0000\u00e9\ud83d\ude00';

/** What looks like JSON, from afar. */
const scribble = (seed: number): string =>
  [...noise(seed, 64)].map((byte) => [...alphabet][byte % [...alphabet].length]).join("");

const seeds = Array.from({ length: 100 }, (_, n) => (n + 1) * 7_919);

const deep: readonly string[] = [
  "",
  '{"type":"request","ref":1,"event":"e","data":',
  '{"event":"x","data":',
  '{"e":"x","p":',
]
  .flatMap((head) => [
    `${head}${"[".repeat(10_000)}${"]".repeat(10_000)}`,
    `${head}${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`,
    `${head}${"[".repeat(50_000)}`,
  ])
  .flatMap((value) => [value, `${value}}`]);

const polluting: readonly string[] = [
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"type":"__proto__","event":"__proto__","e":"__proto__","action":"__proto__","status":{"value":"__proto__"}}',
  '{"type":"subscribe","ref":1,"channel":"__proto__"}',
  '{"event":"join","data":"__proto__"}',
  '{"e":"join","p":{"channel":"__proto__","__proto__":{"polluted":1}}}',
  '{"action":"subscribe","channel":"__proto__"}',
  '{"action":"whisper","channel":"__proto__","event":"__proto__","data":{"__proto__":{"polluted":1}}}',
  '{"action":"join","group":"__proto__"}',
  '{"uuid":"__proto__","status":{"value":2,"__proto__":{"value":1}},"funcKey":"__proto__","stateMessage":true}',
];

/** What means nothing anywhere, and is so long. */
function padded(length: number): Buffer {
  const [head, tail] = ['{"e":"x","event":"x","pad":"', '"}'];
  return Buffer.from(head + "x".repeat(length - head.length - tail.length) + tail);
}

const notUtf8 = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x22, 0xe2, 0x82]];

const rows: readonly Row[] = [
  ...each("D01", "noise as bytes", (target, language) =>
    survives(
      target,
      language,
      seeds.map((seed) => noise(seed, 1 + (seed % 256))),
    ),
  ),
  ...each("D02", "noise as text", (target, language) => survives(target, language, seeds.map(scribble))),
  ...each("D02", "noise behind a good beginning", (target, language) =>
    survivesTogether(
      target,
      language,
      seeds.flatMap((seed) => [scribble(seed), noise(seed, 64)]),
    ),
  ),
  ...each("D03", "values 10,000 deep", async (target, language) => {
    for (const value of deep) {
      // One of 512 bytes is as deep as it may be.
      const message = value.length > language.maxMessageBytes ? value.slice(0, language.maxMessageBytes) : value;
      await survives(target, language, [message]);
      await survivesTogether(target, language, [message]);
    }
  }),
  ...each("D04", "messages of a byte, and of none", async (target, language) => {
    const single = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
    await survives(target, language, ["", new Uint8Array(0), ...single]);
    await survives(
      target,
      language,
      Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
    );
  }),
  ...each("D05", "a message in fragments of a byte is one message", async (target, language) => {
    const client = await rawSocket(target, language);
    const bytes = Buffer.from(language.mark("whole"));
    const last = bytes.length - 1;
    for (const [at, byte] of bytes.entries()) {
      await client.write(frame(at === 0 ? 1 : 0, Buffer.from([byte]), { fin: at === last }));
    }
    const { code } = await client.until(({ texts }) => texts.some((said) => said.includes("whole")));
    expect(code).toBe(1006);
    client.leave();
  }),
  ...each("D06", "a message of just as many bytes as may be is heard", async (target, language) => {
    const messages = [...greetingOf(language), padded(language.maxMessageBytes).toString()];
    expect(await visit(target, language, messages)).not.toHaveProperty("code");
  }),
  ...each("D06", "one byte more is closed with 1009, before any of them came", async (target, language) => {
    const client = await rawSocket(target, language);
    const message = text(padded(language.maxMessageBytes + 1));
    await client.write(message.subarray(0, message.length - language.maxMessageBytes - 1));
    expect((await client.ended()).code).toBe(1009);
  }),
  ...each("D07", "text that is not UTF-8 is closed with 1007", async (target, language) => {
    for (const bytes of notUtf8) {
      const client = await rawSocket(target, language);
      await client.write(text(Buffer.from(bytes)));
      expect((await client.ended()).code).toBe(1007);
    }
  }),
  ...each(
    "D08",
    "1,000 messages in one write are answered in order, and others in between",
    async (target, language) => {
      const client = await rawSocket(target, language);
      const marks = Array.from({ length: 1_000 }, (_, n) => `n-${n}-`);
      await client.write(...marks.map((mark) => text(language.mark(mark))));
      await target.echo();
      expect(client.written.texts.length).toBeLessThan(marks.length);
      const answers = (): readonly string[] => client.written.texts.filter((said) => said.includes("n-"));
      while (answers().length < marks.length && client.written.code === 1006) {
        if (language.isPaced) target.clock.advance(50);
        for (let turns = 0; turns < 10; turns += 1) await turn();
      }
      expect(answers().map((said) => /n-\d+-/.exec(said)?.[0])).toEqual(marks);
      client.leave();
    },
  ),
  ...each("D09", "names of prototypes are names", async (target, language) => {
    await survives(target, language, polluting);
    await survivesTogether(target, language, polluting);
  }),
  ...each("D10", "first words with a byte that is wrong, or cut off anywhere", async (target, language) => {
    for (const words of firstWords[language.name]!) {
      const bytes = typeof words === "string" ? Buffer.from(words) : words;
      for (let at = 0; at < bytes.length; at += 1) {
        const wrong = Buffer.from(bytes);
        wrong[at]! ^= 1 << (at & 7);
        await survives(target, language, [wrong, bytes.subarray(0, at)]);
      }
    }
  }),
];

describe("garbage", () => {
  hostile({ group: "D", start: startAll }, rows);
});
