import type { Target } from "./target.ts";
import { addresses } from "./targets/addresses.ts";
import { aoWebsocketsTalk } from "./targets/ao-websockets.ts";
import { client } from "./targets/client.ts";
import { jsonCodec, msgpackCodec } from "./targets/codecs.ts";
import { eventStream } from "./targets/event-stream.ts";
import { goWsTalk } from "./targets/go-ws.ts";
import { goRtcLib } from "./targets/go-rtc-lib.ts";
import { handshake } from "./targets/handshake.ts";
import { http, webSocket } from "./targets/http.ts";
import { json } from "./targets/json.ts";
import { nativeJson, nativeMsgpack } from "./targets/native-conversation.ts";
import { position } from "./targets/position.ts";
import { redaction } from "./targets/redaction.ts";
import { rtbroadcasterMessage, rtbroadcasterTalk } from "./targets/rtbroadcaster.ts";
import { settings } from "./targets/settings.ts";
import { socketGoTalk } from "./targets/socket-go.ts";
import { keys, tokens } from "./targets/tokens.ts";

/** Everything that is fuzzed. */
export const targets: readonly Target[] = [
  json,
  jsonCodec,
  msgpackCodec,
  nativeJson,
  nativeMsgpack,
  goRtcLib,
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
  goWsTalk,
  socketGoTalk,
  aoWebsocketsTalk,
];
