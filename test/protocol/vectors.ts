import type { ClientMessage, ServerMessage } from "../../src/protocol/messages.ts";

/**
 * One message and its frames, byte for byte: the contract with clients in other languages. The frames were checked with a
 * decoder that is not ours; a change here breaks clients.
 */
export interface Vector<Message> {
  readonly name: string;
  readonly message: Message;
  readonly json: string;
  /** In hexadecimal. */
  readonly msgpack: string;
}

const id = "0d6f3f5c-1f0a-4f43-8a53-6ad2a8f2f6b7";

export const clientVectors: readonly Vector<ClientMessage>[] = [
  {
    name: "connect without a token",
    message: { type: "connect" },
    json: '{"type":"connect"}',
    msgpack: "81a474797065a7636f6e6e656374",
  },
  {
    name: "connect",
    message: { type: "connect", token: "t-123" },
    json: '{"type":"connect","token":"t-123"}',
    msgpack: "82a474797065a7636f6e6e656374a5746f6b656ea5742d313233",
  },
  {
    name: "subscribe",
    message: { type: "subscribe", ref: 0, channel: "lobby" },
    json: '{"type":"subscribe","ref":0,"channel":"lobby"}',
    msgpack: "83a474797065a9737562736372696265a372656600a76368616e6e656ca56c6f626279",
  },
  {
    name: "unsubscribe, with the largest ref",
    message: { type: "unsubscribe", ref: Number.MAX_SAFE_INTEGER, channel: "lobby" },
    json: '{"type":"unsubscribe","ref":9007199254740991,"channel":"lobby"}',
    msgpack: "83a474797065ab756e737562736372696265a3726566cf001fffffffffffffa76368616e6e656ca56c6f626279",
  },
  {
    name: "publish",
    message: { type: "publish", channel: "lobby", event: "chat", data: { text: "hi" } },
    json: '{"type":"publish","channel":"lobby","event":"chat","data":{"text":"hi"}}',
    msgpack:
      "84a474797065a77075626c697368a76368616e6e656ca56c6f626279a56576656e74a463686174a46461746181a474657874a26869",
  },
  {
    name: "publish with everything",
    message: { type: "publish", ref: 2, channel: "lobby", event: "chat", data: null, echo: false },
    json: '{"type":"publish","ref":2,"channel":"lobby","event":"chat","data":null,"echo":false}',
    msgpack:
      "86a474797065a77075626c697368a372656602a76368616e6e656ca56c6f626279a56576656e74a463686174a464617461c0a46563686fc2",
  },
  {
    name: "publish without data",
    message: { type: "publish", channel: "lobby", event: "chat" },
    json: '{"type":"publish","channel":"lobby","event":"chat"}',
    msgpack: "83a474797065a77075626c697368a76368616e6e656ca56c6f626279a56576656e74a463686174",
  },
  {
    name: "publish of state",
    message: { type: "publish", channel: "board", event: "move", data: { to: "e4" }, stateKey: "é" },
    json: '{"type":"publish","channel":"board","event":"move","data":{"to":"e4"},"stateKey":"é"}',
    msgpack:
      "85a474797065a77075626c697368a76368616e6e656ca5626f617264a56576656e74a46d6f7665a46461746181a2746fa26534a873746174654b6579a2c3a9",
  },
  {
    name: "publish that removes state",
    message: { type: "publish", channel: "board", event: "move", stateKey: "__proto__" },
    json: '{"type":"publish","channel":"board","event":"move","stateKey":"__proto__"}',
    msgpack:
      "84a474797065a77075626c697368a76368616e6e656ca5626f617264a56576656e74a46d6f7665a873746174654b6579a95f5f70726f746f5f5f",
  },
  {
    name: "publish of bytes",
    message: { type: "publish", channel: "lobby", event: "sketch", data: Uint8Array.of(1, 2, 3, 255) },
    json: '{"type":"publish","channel":"lobby","event":"sketch","bytes":"AQID/w=="}',
    msgpack: "84a474797065a77075626c697368a76368616e6e656ca56c6f626279a56576656e74a6736b65746368a464617461c404010203ff",
  },
  {
    name: "publish of no bytes",
    message: { type: "publish", channel: "lobby", event: "sketch", data: Uint8Array.of() },
    json: '{"type":"publish","channel":"lobby","event":"sketch","bytes":""}',
    msgpack: "84a474797065a77075626c697368a76368616e6e656ca56c6f626279a56576656e74a6736b65746368a464617461c400",
  },
  {
    name: "send",
    message: { type: "send", event: "chat", data: "é🙂" },
    json: '{"type":"send","event":"chat","data":"é🙂"}',
    msgpack: "83a474797065a473656e64a56576656e74a463686174a464617461a6c3a9f09f9982",
  },
  {
    name: "request",
    message: { type: "request", ref: 4, event: "add", data: { a: 2, b: -3.5 } },
    json: '{"type":"request","ref":4,"event":"add","data":{"a":2,"b":-3.5}}',
    msgpack: "84a474797065a772657175657374a372656604a56576656e74a3616464a46461746182a16102a162cbc00c000000000000",
  },
  {
    name: "response",
    message: { type: "response", ref: 1, data: [true, false, null] },
    json: '{"type":"response","ref":1,"data":[true,false,null]}',
    msgpack: "83a474797065a8726573706f6e7365a372656601a46461746193c3c2c0",
  },
  {
    name: "response without data",
    message: { type: "response", ref: 1 },
    json: '{"type":"response","ref":1}',
    msgpack: "82a474797065a8726573706f6e7365a372656601",
  },
  {
    name: "error",
    message: { type: "error", ref: 2, code: "no-handler", message: "no" },
    json: '{"type":"error","ref":2,"code":"no-handler","message":"no"}',
    msgpack: "84a474797065a56572726f72a372656602a4636f6465aa6e6f2d68616e646c6572a76d657373616765a26e6f",
  },
  {
    name: "connect for a session",
    message: { type: "connect", token: "t-123", resume: true },
    json: '{"type":"connect","token":"t-123","resume":true}',
    msgpack: "83a474797065a7636f6e6e656374a5746f6b656ea5742d313233a6726573756d65c3",
  },
  {
    name: "connect to go on with a session",
    message: { type: "connect", session: "s-1", received: 131 },
    json: '{"type":"connect","session":"s-1","received":131}',
    msgpack: "83a474797065a7636f6e6e656374a773657373696f6ea3732d31a87265636569766564cc83",
  },
  {
    name: "subscribe since a position",
    message: { type: "subscribe", ref: 1, channel: "scores", since: "k3f9a.0.0" },
    json: '{"type":"subscribe","ref":1,"channel":"scores","since":"k3f9a.0.0"}',
    msgpack: "84a474797065a9737562736372696265a372656601a76368616e6e656ca673636f726573a573696e6365a96b336639612e302e30",
  },
  {
    name: "subscribe with a token",
    message: { type: "subscribe", ref: 2, channel: "private-a", token: "t-123" },
    json: '{"type":"subscribe","ref":2,"channel":"private-a","token":"t-123"}',
    msgpack: "84a474797065a9737562736372696265a372656602a76368616e6e656ca9707269766174652d61a5746f6b656ea5742d313233",
  },
  {
    name: "publish once",
    message: { type: "publish", ref: 2, channel: "scores", event: "goal", data: null, id: "goal-1" },
    json: '{"type":"publish","ref":2,"channel":"scores","event":"goal","data":null,"id":"goal-1"}',
    msgpack:
      "86a474797065a77075626c697368a372656602a76368616e6e656ca673636f726573a56576656e74a4676f616ca464617461c0a26964a6676f616c2d31",
  },
  {
    name: "history after a position",
    message: { type: "history", ref: 3, channel: "scores", after: "k3f9a.0.0", limit: 10 },
    json: '{"type":"history","ref":3,"channel":"scores","after":"k3f9a.0.0","limit":10}',
    msgpack:
      "85a474797065a7686973746f7279a372656603a76368616e6e656ca673636f726573a56166746572a96b336639612e302e30a56c696d69740a",
  },
  {
    name: "history before a position",
    message: { type: "history", ref: 3, channel: "scores", before: "k3f9a.2.x" },
    json: '{"type":"history","ref":3,"channel":"scores","before":"k3f9a.2.x"}',
    msgpack: "84a474797065a7686973746f7279a372656603a76368616e6e656ca673636f726573a66265666f7265a96b336639612e322e78",
  },
  {
    name: "ack",
    message: { type: "ack", received: 128 },
    json: '{"type":"ack","received":128}',
    msgpack: "82a474797065a361636ba87265636569766564cc80",
  },
  {
    name: "ping",
    message: { type: "ping" },
    json: '{"type":"ping"}',
    msgpack: "81a474797065a470696e67",
  },
  {
    name: "whisper",
    message: { type: "whisper", channel: "lobby", event: "typing", data: { on: true } },
    json: '{"type":"whisper","channel":"lobby","event":"typing","data":{"on":true}}',
    msgpack: "84a474797065a777686973706572a76368616e6e656ca56c6f626279a56576656e74a6747970696e67a46461746181a26f6ec3",
  },
  {
    name: "whisper of bytes",
    message: { type: "whisper", channel: "lobby", event: "cursor", data: Uint8Array.of(1, 2) },
    json: '{"type":"whisper","channel":"lobby","event":"cursor","bytes":"AQI="}',
    msgpack: "84a474797065a777686973706572a76368616e6e656ca56c6f626279a56576656e74a6637572736f72a464617461c4020102",
  },
  {
    name: "refresh",
    message: { type: "refresh", ref: 3, token: "t-124" },
    json: '{"type":"refresh","ref":3,"token":"t-124"}',
    msgpack: "83a474797065a772656672657368a372656603a5746f6b656ea5742d313234",
  },
];

export const serverVectors: readonly Vector<ServerMessage>[] = [
  {
    name: "connected, anonymous",
    message: { type: "connected", connection: "c-1", heartbeatMs: 0, maxMessageBytes: 65536 },
    json: '{"type":"connected","connection":"c-1","heartbeatMs":0,"maxMessageBytes":65536}',
    msgpack:
      "84a474797065a9636f6e6e6563746564aa636f6e6e656374696f6ea3632d31ab6865617274626561744d7300af6d61784d6573736167654279746573ce00010000",
  },
  {
    name: "connected",
    message: { type: "connected", connection: "c-1", user: "ada", heartbeatMs: 10000, maxMessageBytes: 65536 },
    json: '{"type":"connected","connection":"c-1","user":"ada","heartbeatMs":10000,"maxMessageBytes":65536}',
    msgpack:
      "85a474797065a9636f6e6e6563746564aa636f6e6e656374696f6ea3632d31a475736572a3616461ab6865617274626561744d73cd2710af6d61784d6573736167654279746573ce00010000",
  },
  {
    name: "subscribed",
    message: { type: "subscribed", ref: 1, channel: "lobby" },
    json: '{"type":"subscribed","ref":1,"channel":"lobby"}',
    msgpack: "83a474797065aa73756273637269626564a372656601a76368616e6e656ca56c6f626279",
  },
  {
    name: "subscribed by the server",
    message: { type: "subscribed", channel: "lobby" },
    json: '{"type":"subscribed","channel":"lobby"}',
    msgpack: "82a474797065aa73756273637269626564a76368616e6e656ca56c6f626279",
  },
  {
    name: "subscribed with presence",
    message: {
      type: "subscribed",
      ref: 5,
      channel: "presence-lobby",
      members: [{ user: "ada", info: { name: "Ada" } }, { user: "c-2" }],
    },
    json: '{"type":"subscribed","ref":5,"channel":"presence-lobby","members":[{"user":"ada","info":{"name":"Ada"}},{"user":"c-2"}]}',
    msgpack:
      "84a474797065aa73756273637269626564a372656605a76368616e6e656cae70726573656e63652d6c6f626279a76d656d626572739282a475736572a3616461a4696e666f81a46e616d65a341646181a475736572a3632d32",
  },
  {
    name: "subscribed with nobody there",
    message: { type: "subscribed", channel: "presence-lobby", members: [] },
    json: '{"type":"subscribed","channel":"presence-lobby","members":[]}',
    msgpack: "83a474797065aa73756273637269626564a76368616e6e656cae70726573656e63652d6c6f626279a76d656d6265727390",
  },
  {
    name: "unsubscribed",
    message: { type: "unsubscribed", ref: 3, channel: "lobby" },
    json: '{"type":"unsubscribed","ref":3,"channel":"lobby"}',
    msgpack: "83a474797065ac756e73756273637269626564a372656603a76368616e6e656ca56c6f626279",
  },
  {
    name: "unsubscribed by the server",
    message: { type: "unsubscribed", channel: "lobby" },
    json: '{"type":"unsubscribed","channel":"lobby"}',
    msgpack: "82a474797065ac756e73756273637269626564a76368616e6e656ca56c6f626279",
  },
  {
    name: "published",
    message: { type: "published", ref: 2, id: id },
    json: '{"type":"published","ref":2,"id":"0d6f3f5c-1f0a-4f43-8a53-6ad2a8f2f6b7"}',
    msgpack:
      "83a474797065a97075626c6973686564a372656602a26964d92430643666336635632d316630612d346634332d386135332d366164326138663266366237",
  },
  {
    name: "publication by the server",
    message: {
      type: "publication",
      channel: "lobby",
      event: "chat",
      data: { text: "hi" },
      id: id,
      time: 1767225600000,
    },
    json: '{"type":"publication","channel":"lobby","event":"chat","data":{"text":"hi"},"id":"0d6f3f5c-1f0a-4f43-8a53-6ad2a8f2f6b7","time":1767225600000}',
    msgpack:
      "86a474797065ab7075626c69636174696f6ea76368616e6e656ca56c6f626279a56576656e74a463686174a46461746181a474657874a26869a26964d92430643666336635632d316630612d346634332d386135332d366164326138663266366237a474696d65cf0000019b76daa800",
  },
  {
    name: "publication by a user",
    message: {
      type: "publication",
      channel: "lobby",
      event: "chat",
      data: 1,
      id: id,
      time: 1767225600000,
      from: { id: "c-1", user: "ada" },
    },
    json: '{"type":"publication","channel":"lobby","event":"chat","data":1,"id":"0d6f3f5c-1f0a-4f43-8a53-6ad2a8f2f6b7","time":1767225600000,"from":{"id":"c-1","user":"ada"}}',
    msgpack:
      "87a474797065ab7075626c69636174696f6ea76368616e6e656ca56c6f626279a56576656e74a463686174a46461746101a26964d92430643666336635632d316630612d346634332d386135332d366164326138663266366237a474696d65cf0000019b76daa800a466726f6d82a26964a3632d31a475736572a3616461",
  },
  {
    name: "publication by someone anonymous, of bytes",
    message: {
      type: "publication",
      channel: "lobby",
      event: "sketch",
      data: Uint8Array.of(1, 2, 3, 255),
      id: id,
      time: 0,
      from: { id: "c-1" },
    },
    json: '{"type":"publication","channel":"lobby","event":"sketch","id":"0d6f3f5c-1f0a-4f43-8a53-6ad2a8f2f6b7","time":0,"from":{"id":"c-1"},"bytes":"AQID/w=="}',
    msgpack:
      "87a474797065ab7075626c69636174696f6ea76368616e6e656ca56c6f626279a56576656e74a6736b65746368a464617461c404010203ffa26964d92430643666336635632d316630612d346634332d386135332d366164326138663266366237a474696d6500a466726f6d81a26964a3632d31",
  },
  {
    name: "publication without data",
    message: { type: "publication", channel: "lobby", event: "chat", id: id, time: 0 },
    json: '{"type":"publication","channel":"lobby","event":"chat","id":"0d6f3f5c-1f0a-4f43-8a53-6ad2a8f2f6b7","time":0}',
    msgpack:
      "85a474797065ab7075626c69636174696f6ea76368616e6e656ca56c6f626279a56576656e74a463686174a26964d92430643666336635632d316630612d346634332d386135332d366164326138663266366237a474696d6500",
  },
  {
    name: "batch in a channel",
    message: { type: "batch", channel: "prices", event: "tick", items: [{ p: 1 }, { p: 2 }] },
    json: '{"type":"batch","channel":"prices","event":"tick","items":[{"p":1},{"p":2}]}',
    msgpack:
      "84a474797065a56261746368a76368616e6e656ca6707269636573a56576656e74a47469636ba56974656d739281a1700181a17002",
  },
  {
    name: "batch outside any channel",
    message: { type: "batch", event: "tick", items: [] },
    json: '{"type":"batch","event":"tick","items":[]}',
    msgpack: "83a474797065a56261746368a56576656e74a47469636ba56974656d7390",
  },
  {
    name: "join",
    message: { type: "join", channel: "presence-lobby", member: { user: "bob", info: { name: "Bob" } } },
    json: '{"type":"join","channel":"presence-lobby","member":{"user":"bob","info":{"name":"Bob"}}}',
    msgpack:
      "83a474797065a46a6f696ea76368616e6e656cae70726573656e63652d6c6f626279a66d656d62657282a475736572a3626f62a4696e666f81a46e616d65a3426f62",
  },
  {
    name: "join of one connection",
    message: { type: "join", channel: "presence-lobby", member: { user: "bob", id: "c-2" } },
    json: '{"type":"join","channel":"presence-lobby","member":{"user":"bob","id":"c-2"}}',
    msgpack:
      "83a474797065a46a6f696ea76368616e6e656cae70726573656e63652d6c6f626279a66d656d62657282a475736572a3626f62a26964a3632d32",
  },
  {
    name: "leave",
    message: { type: "leave", channel: "presence-lobby", member: { user: "bob" } },
    json: '{"type":"leave","channel":"presence-lobby","member":{"user":"bob"}}',
    msgpack: "83a474797065a56c65617665a76368616e6e656cae70726573656e63652d6c6f626279a66d656d62657281a475736572a3626f62",
  },
  {
    name: "send",
    message: { type: "send", event: "news", data: 0 },
    json: '{"type":"send","event":"news","data":0}',
    msgpack: "83a474797065a473656e64a56576656e74a46e657773a46461746100",
  },
  {
    name: "send of bytes",
    message: { type: "send", event: "news", data: Uint8Array.of(1, 2, 3, 255) },
    json: '{"type":"send","event":"news","bytes":"AQID/w=="}',
    msgpack: "83a474797065a473656e64a56576656e74a46e657773a464617461c404010203ff",
  },
  {
    name: "request",
    message: { type: "request", ref: 1, event: "where", data: null },
    json: '{"type":"request","ref":1,"event":"where","data":null}',
    msgpack: "84a474797065a772657175657374a372656601a56576656e74a57768657265a464617461c0",
  },
  {
    name: "response",
    message: { type: "response", ref: 4, data: 5 },
    json: '{"type":"response","ref":4,"data":5}',
    msgpack: "83a474797065a8726573706f6e7365a372656604a46461746105",
  },
  {
    name: "response of bytes",
    message: { type: "response", ref: 4, data: Uint8Array.of(1, 2, 3, 255) },
    json: '{"type":"response","ref":4,"bytes":"AQID/w=="}',
    msgpack: "83a474797065a8726573706f6e7365a372656604a464617461c404010203ff",
  },
  {
    name: "error without a ref",
    message: { type: "error", code: "bad-request", message: "no" },
    json: '{"type":"error","code":"bad-request","message":"no"}',
    msgpack: "83a474797065a56572726f72a4636f6465ab6261642d72657175657374a76d657373616765a26e6f",
  },
  {
    name: "error with everything",
    message: {
      type: "error",
      ref: 7,
      code: "payload-invalid",
      message: "no",
      temporary: true,
      details: [{ path: ["a", 0], message: "b" }],
    },
    json: '{"type":"error","ref":7,"code":"payload-invalid","message":"no","temporary":true,"details":[{"path":["a",0],"message":"b"}]}',
    msgpack:
      "86a474797065a56572726f72a372656607a4636f6465af7061796c6f61642d696e76616c6964a76d657373616765a26e6fa974656d706f72617279c3a764657461696c739182a47061746892a16100a76d657373616765a162",
  },
  {
    name: "heartbeat",
    message: { type: "heartbeat" },
    json: '{"type":"heartbeat"}',
    msgpack: "81a474797065a9686561727462656174",
  },
  {
    name: "connected with a session",
    message: {
      type: "connected",
      connection: "0d6f3f5c-1f0a-4f43-8a53-6ad2a8f2f6b7",
      heartbeatMs: 10000,
      maxMessageBytes: 65536,
      session: "s-1",
    },
    json: '{"type":"connected","connection":"0d6f3f5c-1f0a-4f43-8a53-6ad2a8f2f6b7","heartbeatMs":10000,"maxMessageBytes":65536,"session":"s-1"}',
    msgpack:
      "85a474797065a9636f6e6e6563746564aa636f6e6e656374696f6ed92430643666336635632d316630612d346634332d386135332d366164326138663266366237ab6865617274626561744d73cd2710af6d61784d6573736167654279746573ce00010000a773657373696f6ea3732d31",
  },
  {
    name: "connected again",
    message: {
      type: "connected",
      connection: "0d6f3f5c-1f0a-4f43-8a53-6ad2a8f2f6b7",
      heartbeatMs: 10000,
      maxMessageBytes: 65536,
      session: "s-1",
      resumed: true,
      received: 17,
    },
    json: '{"type":"connected","connection":"0d6f3f5c-1f0a-4f43-8a53-6ad2a8f2f6b7","heartbeatMs":10000,"maxMessageBytes":65536,"session":"s-1","resumed":true,"received":17}',
    msgpack:
      "87a474797065a9636f6e6e6563746564aa636f6e6e656374696f6ed92430643666336635632d316630612d346634332d386135332d366164326138663266366237ab6865617274626561744d73cd2710af6d61784d6573736167654279746573ce00010000a773657373696f6ea3732d31a7726573756d6564c3a8726563656976656411",
  },
  {
    name: "subscribed where history is kept",
    message: { type: "subscribed", ref: 1, channel: "scores", position: "k3f9a.1.x81c", recovered: true },
    json: '{"type":"subscribed","ref":1,"channel":"scores","position":"k3f9a.1.x81c","recovered":true}',
    msgpack:
      "85a474797065aa73756273637269626564a372656601a76368616e6e656ca673636f726573a8706f736974696f6eac6b336639612e312e78383163a97265636f7665726564c3",
  },
  {
    name: "published where history is kept",
    message: { type: "published", ref: 2, id: "goal-1", position: "k3f9a.1.x81c" },
    json: '{"type":"published","ref":2,"id":"goal-1","position":"k3f9a.1.x81c"}',
    msgpack:
      "84a474797065a97075626c6973686564a372656602a26964a6676f616c2d31a8706f736974696f6eac6b336639612e312e78383163",
  },
  {
    name: "publication of state, told to who comes late",
    message: {
      type: "publication",
      channel: "board",
      event: "move",
      data: { to: "e4" },
      id: "move-1",
      time: 1767225600000,
      stateKey: "é",
    },
    json: '{"type":"publication","channel":"board","event":"move","data":{"to":"e4"},"id":"move-1","time":1767225600000,"stateKey":"é"}',
    msgpack:
      "87a474797065ab7075626c69636174696f6ea76368616e6e656ca5626f617264a56576656e74a46d6f7665a46461746181a2746fa26534a26964a66d6f76652d31a474696d65cf0000019b76daa800a873746174654b6579a2c3a9",
  },
  {
    name: "publication with a position",
    message: {
      type: "publication",
      channel: "scores",
      event: "goal",
      data: { home: 1 },
      id: "goal-1",
      time: 1767225600000,
      position: "k3f9a.1.x81c",
    },
    json: '{"type":"publication","channel":"scores","event":"goal","data":{"home":1},"id":"goal-1","time":1767225600000,"position":"k3f9a.1.x81c"}',
    msgpack:
      "87a474797065ab7075626c69636174696f6ea76368616e6e656ca673636f726573a56576656e74a4676f616ca46461746181a4686f6d6501a26964a6676f616c2d31a474696d65cf0000019b76daa800a8706f736974696f6eac6b336639612e312e78383163",
  },
  {
    name: "gap",
    message: { type: "gap", channel: "scores", from: "k3f9a.1.x81c", to: "n0.3.y", reason: "reset" },
    json: '{"type":"gap","channel":"scores","from":"k3f9a.1.x81c","to":"n0.3.y","reason":"reset"}',
    msgpack:
      "85a474797065a3676170a76368616e6e656ca673636f726573a466726f6dac6b336639612e312e78383163a2746fa66e302e332e79a6726561736f6ea57265736574",
  },
  {
    name: "gap from nowhere",
    message: { type: "gap", channel: "scores", to: "n0.3.y", reason: "expired" },
    json: '{"type":"gap","channel":"scores","to":"n0.3.y","reason":"expired"}',
    msgpack: "84a474797065a3676170a76368616e6e656ca673636f726573a2746fa66e302e332e79a6726561736f6ea765787069726564",
  },
  {
    name: "history",
    message: {
      type: "history",
      ref: 3,
      channel: "scores",
      publications: [
        {
          type: "publication",
          channel: "scores",
          event: "goal",
          data: { home: 1 },
          id: "goal-1",
          time: 1767225600000,
          position: "k3f9a.1.x81c",
        },
        {
          type: "publication",
          channel: "scores",
          event: "raw",
          data: new Uint8Array([1, 2]),
          id: "raw-1",
          time: 1767225600000,
          position: "k3f9a.2.x",
        },
      ],
      top: "k3f9a.2.x",
      covered: true,
    },
    json: '{"type":"history","ref":3,"channel":"scores","publications":[{"type":"publication","channel":"scores","event":"goal","data":{"home":1},"id":"goal-1","time":1767225600000,"position":"k3f9a.1.x81c"},{"type":"publication","channel":"scores","event":"raw","id":"raw-1","time":1767225600000,"position":"k3f9a.2.x","bytes":"AQI="}],"top":"k3f9a.2.x","covered":true}',
    msgpack:
      "86a474797065a7686973746f7279a372656603a76368616e6e656ca673636f726573ac7075626c69636174696f6e739287a474797065ab7075626c69636174696f6ea76368616e6e656ca673636f726573a56576656e74a4676f616ca46461746181a4686f6d6501a26964a6676f616c2d31a474696d65cf0000019b76daa800a8706f736974696f6eac6b336639612e312e7838316387a474797065ab7075626c69636174696f6ea76368616e6e656ca673636f726573a56576656e74a3726177a464617461c4020102a26964a57261772d31a474696d65cf0000019b76daa800a8706f736974696f6ea96b336639612e322e78a3746f70a96b336639612e322e78a7636f7665726564c3",
  },
  {
    name: "ack",
    message: { type: "ack", received: 64 },
    json: '{"type":"ack","received":64}',
    msgpack: "82a474797065a361636ba8726563656976656440",
  },
  {
    name: "pong",
    message: { type: "pong" },
    json: '{"type":"pong"}',
    msgpack: "81a474797065a4706f6e67",
  },
  {
    name: "whisper by a user",
    message: {
      type: "whisper",
      channel: "lobby",
      event: "typing",
      data: { on: true },
      from: { id: "c-1", user: "bob" },
    },
    json: '{"type":"whisper","channel":"lobby","event":"typing","data":{"on":true},"from":{"id":"c-1","user":"bob"}}',
    msgpack:
      "85a474797065a777686973706572a76368616e6e656ca56c6f626279a56576656e74a6747970696e67a46461746181a26f6ec3a466726f6d82a26964a3632d31a475736572a3626f62",
  },
  {
    name: "whisper by someone anonymous, of bytes",
    message: { type: "whisper", channel: "lobby", event: "cursor", data: Uint8Array.of(1, 2), from: { id: "c-2" } },
    json: '{"type":"whisper","channel":"lobby","event":"cursor","from":{"id":"c-2"},"bytes":"AQI="}',
    msgpack:
      "85a474797065a777686973706572a76368616e6e656ca56c6f626279a56576656e74a6637572736f72a464617461c4020102a466726f6d81a26964a3632d32",
  },
  {
    name: "expiring",
    message: { type: "expiring", inMs: 30000 },
    json: '{"type":"expiring","inMs":30000}',
    msgpack: "82a474797065a86578706972696e67a4696e4d73cd7530",
  },
  {
    name: "refreshed",
    message: { type: "refreshed", ref: 3 },
    json: '{"type":"refreshed","ref":3}',
    msgpack: "82a474797065a9726566726573686564a372656603",
  },
];
