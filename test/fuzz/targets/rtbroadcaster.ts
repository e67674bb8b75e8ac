import { rtbroadcaster } from "../../../src/dialects/rtbroadcaster/index.ts";
import { readMessage } from "../../../src/dialects/rtbroadcaster/messages.ts";
import { splitLines } from "../frames.ts";
import { talk } from "../talk.ts";
import { must, textOf, texts, type Target } from "../target.ts";

/** What its room is called: the server's randomness is counted, see `talk.ts`. */
const room = "2";

const create =
  '{"uuid":"","status":{"value":1,"text":"new connection"},"funcKey":"","funcParams":[],"stateMessage":false}';
const join = `{"uuid":"${room}","status":{"value":2,"text":"join connection"},"funcKey":"","funcParams":[],"stateMessage":false}`;
const act = `{"uuid":"${room}","status":{"value":3,"text":"connected"},"funcKey":"myKey","funcParams":["param1","param2"],"stateMessage":false}`;
const keep = `{"uuid":"${room}","status":{"value":3,"text":"connected"},"funcKey":"k","funcParams":[1,"s",null],"stateMessage":true}`;
const close =
  '{"uuid":"","status":{"value":4,"text":"close connection"},"funcKey":"","funcParams":[],"stateMessage":false}';

const words = [
  ...['"uuid":', '"status":', '"value":', '"funcKey":', '"funcParams":', '"stateMessage":true', '"STATUS":{"VALUE":2}'],
  ...["{", "}", "[", "]", "\\u000a", "urn:uuid:", "{f63ca67e-69bb-4a16-a71f-86a87acbe0b5}", "__proto__", "\ndrop\n"],
];

const statuses = new Set(['{"value":0,"text":"not connected"}', '{"value":3,"text":"connected"}']);

/** Conversations, one message or stage in each line. */
export const rtbroadcasterTalk: Target = {
  name: "rtbroadcaster",
  corpus: texts(
    [create, act, keep, join, close].join("\n"),
    [join, create, keep, "drop", join, create, create, keep, act].join("\n"),
    [create, '{"STATUS":{"Value":2},"UUID":"urn:uuid:F63CA67E-69bb-4a16-a71f-86a87acbe0b5"}', "pass", close].join("\n"),
  ),
  words,
  executions: 600,
  run: (input) =>
    talk({
      dialect: rtbroadcaster({ maxMessageBytes: 8_192 }),
      script: splitLines(textOf(input)).map((line) => (line === "drop" || line === "pass" ? { stage: line } : line)),
      check: (frame) => {
        const answer = JSON.parse(frame as string) as Readonly<Record<string, unknown>>;
        must(Object.keys(answer).join() === "uuid,status,funcKey,funcParams,stateMessage", "another shape");
        must(statuses.has(JSON.stringify(answer["status"])), "another status");
      },
    }),
};

/** The parser by itself: what it hands on is safe to relay. */
export const rtbroadcasterMessage: Target = {
  name: "rtbroadcaster-message",
  corpus: texts(create, join, act, keep, close, ` \n{"status"\n:{"value":3},\n"funcParams":["a\nb"]}\n`),
  words,
  run(input) {
    const message = readMessage(input);
    if (!message) return;
    const { text, uuid, funcKey, funcParams, isState } = message;
    must(!text.includes("\n"), "a text of several lines would be several messages");
    must(typeof JSON.parse(text) === "object", "a text that is no JSON");
    must(typeof uuid === "string" && typeof funcKey === "string", "a name that is no text");
    must(Array.isArray(funcParams) && typeof isState === "boolean", "parameters that are no list");
    must(readMessage(text)?.text === text, "not what it says itself");
  },
};
