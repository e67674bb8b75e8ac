import { goWs } from "../../../src/dialects/go-ws/index.ts";
import { splitLines } from "../frames.ts";
import { talk } from "../talk.ts";
import { must, textOf, texts, type Target } from "../target.ts";

/** Conversations, one message or stage in each line. */
const transcripts: readonly (readonly string[])[] = [
  [
    '{"action":"subscribe","channel":"lobby"}',
    '{"action":"broadcast","channel":"lobby","data":{"text":"hi","list":[1,2.5,null,true]}}',
    '{"action":"broadcast","channel":"lobby","event":"news"} {"action":"broadcast"}',
    '{"action":"whisper","channel":"lobby","event":"typing","data":{"on":true}}',
    "drop",
    '{"action":"subscribe","channel":"lobby"}',
    '{"action":"unsubscribe","channel":"lobby"}',
  ],
  [
    '{"action":"subscribe","channel":"private-a"}',
    '{"action":"subscribe","channel":"presence-a"}',
    '{"action":"whisper","channel":"presence-a","event":"typing"}',
    '{"action":"whisper","channel":"presence-a","event":"typing","data":"text"}',
    "pass",
    '{"action":"broadcast","channel":"presence-a","data":[[[["deep"]]]]}',
  ],
  ["null", "{}", '{"action":1,"channel":[],"event":{}}', '{"action":"subscribe","channel":"closed-1"}', '"text"', "[]"],
];

const words = [
  ...["subscribe", "unsubscribe", "broadcast", "whisper", '"action":', '"channel":', '"event":', '"data":'],
  ...["private-", "presence-", "\ndrop\n", "\npass\n", "lobby", "__proto__", '"event":"message"'],
];

const types = new Set(["message", "whisper", "presence", "error"]);

export const goWsTalk: Target = {
  name: "go-ws",
  corpus: texts(...transcripts.map((lines) => lines.join("\n"))),
  words,
  executions: 600,
  run: (input) =>
    talk({
      dialect: goWs({
        enableWhispers: true,
        rateLimit: { messages: 40 },
        authHandler: (_user, channel) => channel.length < 12,
      }),
      script: splitLines(textOf(input)).map((line) => (line === "drop" || line === "pass" ? { stage: line } : line)),
      check(frame) {
        const message = JSON.parse(frame as string) as { readonly type?: string; readonly error?: string };
        must(message.type !== undefined && types.has(message.type), "a message without a type");
        must(message.error !== "the server failed", `the server failed: ${String(frame)}`);
      },
    }),
};
