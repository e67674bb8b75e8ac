/** A frame of JSON, read. */
export type Fields = Readonly<Record<string, unknown>>;

/** How one dialect is spoken: everything that a pane knows of it. */
export interface Language {
  readonly name: string;
  readonly path: string;
  /** What a client says first to be in the room. */
  enter(room: string): readonly object[];
  /** Absent: only listens. */
  say?(room: string, text: string): object;
  /** What somebody has said, in whatever form; a frame that tells something else has nothing that could be taken for it. */
  told(frame: Fields): unknown;
}

/** Rooms of this page's own, where clients of other dialects may speak, too. */
const rooms = "/languages/broadcast";

/** Makes the room, and is the only one whom rtbroadcaster's own clients would let speak in it. */
export const owner: Language = {
  name: "rtbroadcaster, owner",
  path: rooms,
  enter: () => [action("", 1, "new connection")],
  say: (room, text) => action(room, 3, "connected", text),
  told: toldByAction,
};

export const languages: readonly Language[] = [
  {
    name: "native",
    path: "/carillon",
    enter: (channel) => [{ type: "connect" }, { type: "subscribe", ref: 1, channel }],
    say: (channel, text) => ({ type: "publish", channel, event: "chat", data: { text } }),
    told: ({ type, data }) => type === "publication" && data,
  },
  {
    name: "socket.go",
    path: "/socket",
    enter: (room) => [{ event: "join", data: room }],
    say: (room, text) => ({ event: "chat", data: { room, text } }),
    told: ({ data }) => data,
  },
  {
    name: "go-ws",
    path: "/ws",
    enter: (channel) => [{ action: "subscribe", channel }],
    say: (channel, text) => ({ action: "broadcast", channel, event: "chat", data: { text } }),
    told: ({ type, message }) => type === "message" && message,
  },
  {
    name: "ao-concepts",
    path: "/ao",
    enter: (channel) => [{ e: "join", p: { channel } }],
    say: (channel, text) => ({ e: "chat", p: { channel, text } }),
    told: ({ p }) => p,
  },
  {
    name: "go-rtc-lib",
    path: "/rtc",
    enter: (group) => [{ action: "join", group }],
    say: (group, message) => ({ action: "message", group, message }),
    told: ({ message }) => message,
  },
  {
    name: "rtbroadcaster, guest",
    path: rooms,
    enter: (room) => [action(room, 2, "join connection")],
    told: toldByAction,
  },
];

/** The room that its owner is told when it has been made. */
export function madeRoom({ uuid, status }: Fields): string | undefined {
  const isMade = isFields(status) && status["value"] === 3;
  return isMade && typeof uuid === "string" && uuid !== "" ? uuid : undefined;
}

/** The words in what was told: each language has them somewhere else, and those of another one inside. */
export function wordsIn(told: unknown): string | undefined {
  if (typeof told === "string") return told;
  if (Array.isArray(told)) return told.length === 0 ? undefined : wordsIn(told[0]);
  return isFields(told) ? wordsIn(told["text"] ?? told["message"] ?? told["value"]) : undefined;
}

export function fieldsIn(text: string): Fields | undefined {
  const value = parsed(text);
  return isFields(value) ? value : undefined;
}

function action(uuid: string, value: number, text: string, said?: string): object {
  const [funcKey, funcParams] = said === undefined ? ["", []] : ["chat", [said]];
  return { uuid, status: { value, text }, funcKey, funcParams, stateMessage: false };
}

/** Parameters are texts; those of other languages are JSON. */
function toldByAction({ funcParams }: Fields): unknown {
  const [param]: readonly unknown[] = Array.isArray(funcParams) ? funcParams : [];
  return typeof param === "string" ? (parsed(param) ?? param) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
