import { socketGo } from "../../../src/dialects/socket-go/index.ts";
import { splitLines } from "../frames.ts";
import { talk } from "../talk.ts";
import { must, textOf, texts, type Target } from "../target.ts";

/** Conversations, one message or stage in each line. */
const transcripts: readonly (readonly string[])[] = [
  [
    '{"event":"join","data":"lobby"}',
    '{"event":"chat","data":{"room":"lobby","text":"hi","list":[1,2.5,null,true]}}',
    '{"event":"add","data":{"a":1}}',
    "drop",
    '{"event":"join","data":"lobby"}',
    '{"event":"leave","data":"lobby"}',
  ],
  [
    '{"event":"join","data":5}',
    '{"event":"join","data":"closed-1"}',
    '{"event":"join","data":"feed-1"}',
    '{"event":"news","data":{"room":"feed-1"}}',
    "pass",
    '{"event":"echo","data":[[[["deep"]]]]}',
    '{"EVENT":"echo","Data":"capitals"}',
  ],
  [
    "null",
    '{"event":"connect"}',
    '{"event":"disconnect"}',
    '{"event":"error","data":{"code":1}}',
    '{"event":5}',
    "[]",
    '"text"',
    '{"event":"echo","data":0}',
  ],
];

const words = [
  ...["connect", "disconnect", "error", "join", "leave", "echo", '"event":', '"data":', '"room":', '"EVENT":'],
  ...["\ndrop\n", "\npass\n", "lobby", "__proto__", "null", '{"event":"echo"}'],
];

export const socketGoTalk: Target = {
  name: "socket-go",
  corpus: texts(...transcripts.map((lines) => lines.join("\n"))),
  words,
  // Each line is a frame, and a few bytes are enough for one.
  maxBytes: 4_096,
  executions: 600,
  run(input) {
    const ended: string[] = [];
    const dialect = socketGo({ conventions: true, onErrorEvent: (socket, data) => socket.send("heard", data) });
    dialect.on("echo", (socket, data) => socket.send("echo", data));
    dialect.on("disconnect", (socket) => {
      must(!ended.includes(socket.id), "disconnect ran twice");
      ended.push(socket.id);
    });
    return talk({
      dialect,
      script: splitLines(textOf(input)).map((line) => (line === "drop" || line === "pass" ? { stage: line } : line)),
      check(frame) {
        const message = JSON.parse(frame as string) as { readonly event?: unknown };
        must(typeof message.event === "string" && message.event !== "", "a message without an event");
        must(!String(frame).includes("the server failed"), `the server failed: ${String(frame)}`);
      },
    });
  },
};
