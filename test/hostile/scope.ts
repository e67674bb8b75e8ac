/** Where a row is tried that needs no server under attack: a file, and how the name of the test there begins or goes on. */
export interface TriedAt {
  readonly file: string;
  readonly title: string;
}

const at = (file: string, title: string): readonly TriedAt[] => [{ file: `test/${file}.test.ts`, title }];

/** Rows whose test lives with the code that it is about. */
export const elsewhere: Readonly<Record<string, readonly TriedAt[]>> = {
  LP28: at("dialects/socket-go/polling", "SGO-20 LP28 "),
  W29: at("transports/websocket/pace", "W29: 1,000 frames in one write"),
  W34: at("transports/websocket/websocket", "W34: a client that does not read is closed with 4508"),
  W39: at("server/server", "W39: a close code or reason that cannot be on the wire is refused"),
  Z09: at("transports/websocket/deflate", "is agreed on without context takeover in either direction"),
  Z11: at("transports/websocket/deflate", "is not negotiated by default"),
  N02: at("dialects/native/connecting", "N02: a second time is a mistake, and changes nothing"),
  N05: at("engine/authorize", "N05: is asked about exactly the name that is subscribed"),
  N07: at("engine/names", "N07: no event may be called %s, but a channel may"),
  N08: at("engine/channel-rules", "N08: %j has the prefix private-"),
  N11: at("engine/authorize", "N11: who published is what the server knows"),
  N14: at("engine/channels", "N14: subscribing and unsubscribing 10,000 times leaves nothing"),
  N19: at("engine/requests", "N19, L12: 256 may wait, the 257th is refused"),
  N21: at("engine/delivery", "N21: a user with two connections joins once and leaves once"),
  N22: at("engine/state", "N22: L17: 1,000 keys are kept; one more is refused"),
  N25: at("dialects/native/session", "N25: fields that are unknown change nothing"),
  N28: at("engine/delivery", "N28: takes a client out that is just joining"),
  C06: at("client/channel", "is dropped for a channel that is not subscribed (C06)"),
  C08: at("client/requests", "to nothing is ignored (C08)"),
  C10: at("client/reconnect", "measures its waits with the monotonic clock (C10)"),
  C11: at("client/hostile-server", "cannot drop a link through a handler that throws (C11)"),
  C12: at("client/outbox", "holds 1,000 messages and refuses the next (C12)"),
  C13: at("client/connecting", "leaves neither a link nor a timer at any moment of connecting (C13)"),
  C14: at("client/reconnect", "makes a waiting client try at once, and is not listened to otherwise"),
  C15: at("client/reconnect", "comes back or stays away as PROTOCOL.md says: %i (C15)"),
  X07: at("brokers/memory", "is for 100,000 ids of a channel, the oldest of which goes for one more (L19)"),
  G01: at("dialects/rtbroadcaster/rooms", "RTB-11, G01: "),
  G02: at("dialects/rtbroadcaster/rooms", "RTB-10, G02: "),
  G03: at("dialects/rtbroadcaster/rooms", "G03: an owner that makes another room"),
  G04: at("dialects/rtbroadcaster/rooms", "RTB-7, G04: "),
  G05: at("dialects/rtbroadcaster/ending", "RTB-9, N23, G05: "),
  G06: at("dialects/rtbroadcaster/rooms", "G06: 10,000 parameters"),
  G07: at("dialects/rtbroadcaster/limits", "RTB-13, G07: "),
  G08: at("dialects/rtbroadcaster/rooms", "RTB-4, G08: "),
  G09: at("dialects/rtbroadcaster/state", "G09: "),
  G10: at("dialects/rtbroadcaster/ending", "RTB-17, G10: "),
  G11: at("dialects/go-ws/whispers", "N10 G11 GWS-10 "),
  G12: at("dialects/go-ws/messages", "GWS-7 G12 "),
  G13: at("dialects/go-ws/messages", "GWS-20 G13 "),
  G14: at("dialects/go-ws/messages", "GWS-4 G14 "),
  G15: at("dialects/socket-go/events", "SGO-8 G15 "),
  G16: at("dialects/socket-go/polling", "SGO-17 G16 "),
  G17: at("dialects/socket-go/conventions", "SGO-48 G17 "),
  G18: at("dialects/ao-websockets/wire", "AO-15, G18: "),
  G19: at("dialects/ao-websockets/batches", "G19: 1 MiB of payloads"),
  G20: at("dialects/go-rtc-lib/groups", "G20, G-16: "),
  G21: at("dialects/go-rtc-lib/messages", "G21: text that is no UTF-8 closes with 1007"),
};

/** Rows that are tried here in the native dialect, and whose answer is another in a dialect that has its own. */
export const otherwise: Readonly<Record<string, readonly TriedAt[]>> = {
  H03: [
    ...at("dialects/ao-websockets/wire", "AO-18, H03: "),
    ...at("dialects/go-rtc-lib/limits", "RTC-17: what is no upgrade is refused"),
  ],
  W19: [
    ...at("dialects/ao-websockets/wire", "AO-22, W19: "),
    ...at("dialects/go-ws/messages", "GWS-42 JSON in a binary frame is read"),
  ],
  J12: at("dialects/ao-websockets/wire", "AO-16, J12: only the first value"),
  N07: at("dialects/socket-go/events", "SGO-49 G-18 %s is an ordinary event"),
  N10: at("dialects/go-ws/whispers", "N10 G11 GWS-10 "),
  N13: at("dialects/go-ws/messages", "N13 GWS-11 subscribing twice"),
  N23: at("dialects/rtbroadcaster/ending", "RTB-9, N23, G05: "),
};

const engineIo = "Engine.IO's own framing, versions and upgrades; links have neither";
const publishApi = "there is no HTTP API to publish with, and so nothing that is signed";

/** Rows that nothing tries, each with the reason. */
export const outOfScope: Readonly<Record<string, string>> = {
  H21: "Carillon has no cookie login of its own: authenticate sees the handshake with its cookies and without an origin, and decides",
  W08: "the receiver of ws takes a length in more bytes than it needs; it is the same message, within the same limits",
  W15: "the receiver of ws has no deadline for a message; one that is never finished holds maxMessageBytes at most, as long as pongs come",
  LP13: engineIo,
  LP14: engineIo,
  LP15: engineIo,
  LP16: engineIo,
  LP17: engineIo,
  LP18: engineIo,
  LP20: engineIo,
  LP21: engineIo,
  S07: "how many streams a browser opens is up to its pages; a client needs one for all its channels",
  A10: "jose verifies with WebCrypto, which compares in constant time; a shared machine cannot measure nanoseconds",
  A11: publishApi,
  A12: publishApi,
  A17: publishApi,
  A18: publishApi,
  X12: "no broker joins nodes yet whose death would leave subscriptions behind",
};
