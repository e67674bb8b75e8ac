import { parseJson } from "../../../src/dialects/json.ts";
import { CarillonError } from "../../../src/errors/carillon-error.ts";
import { createJsonCodec, type Codec } from "../../../src/protocol/codec.ts";
import type { ClientMessage } from "../../../src/protocol/messages.ts";
import { createMsgpackCodec } from "../../../src/protocol/msgpack.ts";
import { readClientMessage } from "../../../src/protocol/read-client-message.ts";
import { clientVectors, serverVectors } from "../../protocol/vectors.ts";
import { declared, must, textOf, texts, type Target } from "../target.ts";

const vectors = [...clientVectors, ...serverVectors];
const server = createJsonCodec(parseJson);
/** As a client has it. */
const json = createJsonCodec();
const msgpack = createMsgpackCodec();

export const jsonCodec: Target = {
  name: "json-codec",
  corpus: texts(...vectors.map((vector) => vector.json), `[${clientVectors.map((vector) => vector.json).join()}]`),
  words: ['"type":"', '"data":', '"bytes":"AQID"', '"ref":', '"publications":[', '"items":[', '{"type":"ping"}', ","],
  executions: 4_000,
  run: (input) => passOn(server, textOf(input)),
};

export const msgpackCodec: Target = {
  name: "msgpack-codec",
  corpus: [
    ...vectors.map((vector) => new Uint8Array(Buffer.from(vector.msgpack, "hex"))),
    msgpack.join(clientVectors.map(({ message }) => msgpack.encode(message))) as Uint8Array,
  ],
  words: ["\xa4type", "\xa4data", "\xa5items", "\xc4\x03", "\xcb", "\xd6", "\xdc", "\xdd", "\xdf", "\x81\x81\x81\x81"],
  executions: 4_000,
  run: (input) => passOn(msgpack, input),
};

/** What one client may say must be sayable to all others, in both codecs, and be the same there. */
function passOn(codec: Codec, frame: string | Uint8Array): void {
  const messages = declared(() => codec.decode(frame), isBadRequest);
  for (const value of messages ?? []) {
    const message = declared(() => readClientMessage(value), isBadRequest);
    if (!message) continue;
    const again = readAgain(json, message);
    must(JSON.stringify(again) === JSON.stringify(readAgain(json, again)), "JSON changes what it carries");
    const packed = readAgain(msgpack, message);
    must(packed.type === message.type, "MessagePack changes what it carries");
    must(JSON.stringify(readAgain(msgpack, packed)) === JSON.stringify(packed), "MessagePack changes what it carries");
  }
}

function readAgain(codec: Codec, message: ClientMessage): ClientMessage {
  return readClientMessage(codec.decode(codec.encode(message))[0]);
}

function isBadRequest(error: unknown): boolean {
  return error instanceof CarillonError && (error.code === "bad-request" || error.code === "unknown-type");
}
