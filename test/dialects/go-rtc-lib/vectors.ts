/** Whose connection the fixed ids of the vectors stand for. */
export const sender = "8fe59d52-923e-46fe-baa2-d309b8ac405f";

/** One exchange of a demo: what the client sends, and what the others in the room, itself included, are told. */
export interface Vector {
  readonly name: string;
  readonly demo: "echo" | "broadcast" | "groups";
  readonly says: string | Uint8Array;
  /** A binary frame is `binary` and its bytes. */
  readonly told: readonly string[];
}

/** The client is a member of `r`; ids are {@link sender}. */
export const vectors: readonly Vector[] = [
  { name: "text", demo: "echo", says: "hello", told: ["hello"] },
  { name: "nothing", demo: "echo", says: "", told: [""] },
  { name: "a heartbeat of the page", demo: "echo", says: '{"type":"heartbeat"}', told: ['{"type":"heartbeat"}'] },
  { name: "bytes that are no UTF-8", demo: "echo", says: Uint8Array.of(0xff, 0xfe, 0), told: ["binary fffe00"] },
  { name: "no bytes", demo: "echo", says: new Uint8Array(), told: ["binary "] },
  { name: "text", demo: "broadcast", says: "m0", told: [`{"id":"${sender}","message":"m0"}`] },
  {
    name: "text with marks",
    demo: "broadcast",
    says: '<hi & "q">\n',
    told: [`{"id":"${sender}","message":"<hi & \\"q\\">\\n"}`],
  },
  {
    name: "bytes",
    demo: "broadcast",
    says: new TextEncoder().encode("é"),
    told: [`{"id":"${sender}","message":"é"}`],
  },
  { name: "join", demo: "groups", says: '{"action":"join","group":"r"}', told: [] },
  {
    name: "message",
    demo: "groups",
    says: '{"action":"message","group":"r","message":"hey"}',
    told: [`{"from":"${sender}","message":"hey"}`],
  },
  {
    name: "message to everyone",
    demo: "groups",
    says: '{"action":"message","message":"hey"}',
    told: [`{"from":"${sender}","message":"hey"}`],
  },
  {
    name: "message to everyone, with an empty group",
    demo: "groups",
    says: '{"action":"message","group":"","message":"hey"}',
    told: [`{"from":"${sender}","message":"hey"}`],
  },
  {
    name: "names in capitals, in bytes",
    demo: "groups",
    says: new TextEncoder().encode('{"Action":"message","GROUP":"r","Message":"hey"}'),
    told: [`{"from":"${sender}","message":"hey"}`],
  },
  {
    name: "message to a group that is not",
    demo: "groups",
    says: '{"action":"message","group":"x","message":"1"}',
    told: [],
  },
  { name: "leave a group that is not", demo: "groups", says: '{"action":"leave","group":"x"}', told: [] },
  { name: "join without a group", demo: "groups", says: '{"action":"join"}', told: [] },
  { name: "an unknown action", demo: "groups", says: '{"action":"shout","group":"r","message":"hey"}', told: [] },
  { name: "null", demo: "groups", says: "null", told: [] },
  {
    name: "message without a message",
    demo: "groups",
    says: '{"action":"message","group":"r"}',
    told: [`{"from":"${sender}","message":""}`],
  },
];
