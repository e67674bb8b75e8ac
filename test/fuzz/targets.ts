import type { Target } from "./target.ts";
import { addresses } from "./targets/addresses.ts";
import { client } from "./targets/client.ts";
import { jsonCodec, msgpackCodec } from "./targets/codecs.ts";
import { eventStream } from "./targets/event-stream.ts";
import { handshake } from "./targets/handshake.ts";
import { http, webSocket } from "./targets/http.ts";
import { json } from "./targets/json.ts";
import { nativeJson, nativeMsgpack } from "./targets/native-conversation.ts";
import { position } from "./targets/position.ts";
import { redaction } from "./targets/redaction.ts";
import { rtbroadcasterMessage, rtbroadcasterTalk } from "./targets/rtbroadcaster.ts";
import { settings } from "./targets/settings.ts";
import { keys, tokens } from "./targets/tokens.ts";

/** Everything that is fuzzed. */
export const targets: readonly Target[] = [
  json,
  jsonCodec,
  msgpackCodec,
  nativeJson,
  nativeMsgpack,
  http,
  webSocket,
  handshake,
  addresses,
  tokens,
  keys,
  settings,
  position,
  redaction,
  eventStream,
  client,
  rtbroadcasterTalk,
  rtbroadcasterMessage,
];
