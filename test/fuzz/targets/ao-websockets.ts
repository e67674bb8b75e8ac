import { aoWebsockets } from "../../../src/dialects/ao-websockets/index.ts";
import { splitLines } from "../frames.ts";
import { must, textOf, texts, type Target } from "../target.ts";
import { talk } from "../talk.ts";

/** Conversations, one message or stage in each line. */
const transcripts: readonly (readonly string[])[] = [
  [
    '{"e":"join","p":{"channel":"lobby"}}',
    '{"e":"chat","p":{"channel":"lobby","text":"hi","list":[1,2.5,null,true]}}',
    '{"e":"grp:one:deep","p":{"a":1}}',
    "drop",
    '{"e":"join","p":{"channel":"lobby"}}',
    '{"e":"leave","p":{"channel":"lobby"}}',
  ],
  [
    '{"e":"join","p":{"channel":5}}',
    '{"e":"join","p":{"channel":"closed-1"}}',
    '{"e":"join","p":{"channel":"feed-1"}}',
    '{"e":"news","p":{"channel":"feed-1"}}',
    "pass",
    '{"e":"echo","p":{"d":[[["deep"]]]}}',
    '{"E":"echo","P":{"capitals":true}}',
    '{"e":"echo"} and more',
  ],
  [
    '{"e":"connect","p":null}',
    '{"e":"error","p":{"code":1}}',
    '{"e":"batch_tick","p":{"d":[]}}',
    '{"e":"tick","p":{"n":1}}',
    '{"e":"a:*"}',
    '{"e":5}',
    "null",
    "[]",
    '"text"',
    '{"e":"echo","p":0}',
  ],
];

const words = [
  ...["connect", "error", "join", "leave", "echo", "tick", "grp:", ":", "*", '"e":', '"p":', '"E":', '"channel":'],
  ...["\ndrop\n", "\npass\n", "lobby", "__proto__", "null", '{"e":"echo"}'],
];

export const aoWebsocketsTalk: Target = {
  name: "ao-websockets",
  corpus: texts(...transcripts.map((lines) => lines.join("\n"))),
  words,
  executions: 600,
  run(input) {
    const ended: string[] = [];
    const dialect = aoWebsockets({ conventions: true, malformed: "keep" });
    dialect.useBatch("tick", 1_000);
    for (const event of ["echo", "tick", "grp:*", "error"]) {
      dialect.subscribe(event, ({ connection, ...message }) => connection.sendMessage(message));
    }
    dialect.onConnectionClose(({ id }) => {
      must(!ended.includes(id), "the close hook ran twice");
      ended.push(id);
    });
    return talk({
      dialect,
      script: splitLines(textOf(input)).map((line) => (line === "drop" || line === "pass" ? { stage: line } : line)),
      check(frame) {
        must(typeof frame === "string" && frame.endsWith("\n"), "a message without a line feed");
        const message = JSON.parse(frame) as { readonly e?: unknown; readonly p?: unknown };
        must(Object.keys(message).join() === "e,p", "a message of another shape");
        must(typeof message.e === "string" && message.e !== "", "a message without an event");
        must(typeof message.p === "object" && !Array.isArray(message.p), "a payload that is no object");
        must(!frame.includes("the server failed"), `the server failed: ${frame}`);
      },
    });
  },
};
