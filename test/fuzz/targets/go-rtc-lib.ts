import { createRegistry, groups } from "../../../src/dialects/go-rtc-lib/index.ts";
import type { Frame } from "../../../src/engine/ports/wire.ts";
import { parseJson } from "../../../src/dialects/json.ts";
import { isObject } from "../../../src/dialects/payload.ts";
import { splitLines } from "../frames.ts";
import { talk } from "../talk.ts";
import { must, textOf, texts, type Target } from "../target.ts";

/** Conversations with the demo of groups, one message or stage in each line. */
const transcripts: readonly (readonly string[])[] = [
  [
    '{"action":"join","group":"r"}',
    '{"action":"message","group":"r","message":"hey"}',
    '{"action":"leave","group":"r"}',
    '{"action":"message","message":"everyone"}',
  ],
  [
    '{"Action":"join","GROUP":"lobby"}',
    '{"action":"message","group":"","message":"\\u0000<&>"}',
    "drop",
    "null",
    '{"action":"shout","group":null,"message":null}',
  ],
  ['{"action":"join","group":"private-r"}', '{"action":"join","group":"closed-1"}', "pass", "{"],
];

/** The demo of groups: what strangers say is read there, and nowhere else in this dialect. */
export const goRtcLib: Target = {
  name: "go-rtc-lib",
  corpus: texts(...transcripts.map((lines) => lines.join("\n"))),
  words: [
    '"action":',
    '"group":',
    '"message":',
    "join",
    "leave",
    "message",
    "private-",
    "__proto__",
    "\ndrop\n",
    "null",
  ],
  executions: 600,
  run: (input) =>
    talk({
      dialect: createRegistry({ handleMessage: quietly, pingIntervalMs: 0 }),
      script: splitLines(textOf(input)).map((line) => (line === "drop" || line === "pass" ? { stage: line } : line)),
      check: checkFrame,
    }),
};

/** What is no message closes its connection; that the application is told so is no failure here. */
const quietly: typeof groups = async (connection, content, registry) => {
  try {
    await groups(connection, content, registry);
  } catch (error) {
    must(error instanceof Error && "code" in error && error.code === "bad-request", String(error));
    connection.closeConnection();
  }
};

function checkFrame(frame: Frame): void {
  must(typeof frame === "string", "bytes, where nobody sent any");
  const said = parseJson(frame);
  must(isObject(said) && typeof said["from"] === "string" && "message" in said, `no message: ${frame}`);
}
