import { createMsgpackCodec } from "../../src/protocol/msgpack.ts";

const rtb = (value: number, uuid = ""): string =>
  JSON.stringify({ uuid, status: { value, text: "" }, funcKey: "", funcParams: [], stateMessage: false });

/** What clients say first, in the languages that are spoken here and in some that nobody speaks. */
export const firstWords: Readonly<Record<string, readonly (string | Uint8Array)[]>> = {
  native: [
    '{"type":"connect"}',
    '{"type":"connect","token":"t","resume":true}',
    '{"type":"subscribe","ref":1,"channel":"open"}',
    createMsgpackCodec().encode({ type: "connect" }),
  ],
  rtbroadcaster: [rtb(1), rtb(2, "f63ca67e-69bb-4a16-a71f-86a87acbe0b5")],
  "socket.go": ['{"event":"join","data":"open"}', '{"event":"chat","data":"hi"}', '{"event":"nodata"}'],
  "ao-websockets": ['{"e":"join","p":{"channel":"open"}}', '{"e":"event:name","p":{"value":"data"}}'],
  "go-ws": [
    '{"action":"subscribe","channel":"open"}',
    '{"action":"whisper","channel":"open","event":"typing","data":{"isTyping":true}}',
  ],
  "go-rtc-lib groups": ['{"action":"join","group":"open"}', '{"action":"message","group":"open","message":"hey"}'],
  "go-rtc-lib echo": ["hello", '{"type":"heartbeat"}'],
  "Socket.IO": ["40", '0{"token":"t"}', '42["join","open"]', "2probe"],
  Pusher: ['{"event":"pusher:subscribe","data":{"channel":"open"}}', '{"event":"pusher:ping","data":{}}'],
};
