/** What clients say: the bytes, and what the server makes of them. */
export const inbound: readonly (readonly [name: string, text: string, read: object | undefined])[] = [
  [
    "create, as the shipped SDK says it",
    '{"uuid":"","status":{"value":1,"text":"new connection"},"funcKey":"","funcParams":[],"stateMessage":false}',
    { status: 1, uuid: "", funcKey: "", funcParams: [], isState: false },
  ],
  [
    "join, as the shipped SDK says it",
    '{"uuid":"f63ca67e-69bb-4a16-a71f-86a87acbe0b5","status":{"value":2,"text":"new connection"},"funcKey":"","funcParams":[],"stateMessage":false}',
    { status: 2, uuid: "f63ca67e-69bb-4a16-a71f-86a87acbe0b5", funcKey: "", funcParams: [], isState: false },
  ],
  [
    "action",
    '{"uuid":"f63ca67e-69bb-4a16-a71f-86a87acbe0b5","status":{"value":3,"text":"connected"},"funcKey":"myKey","funcParams":["param1","param2","param3"],"stateMessage":false}',
    { status: 3, funcKey: "myKey", funcParams: ["param1", "param2", "param3"], isState: false },
  ],
  [
    "state action",
    '{"uuid":"f63ca67e-69bb-4a16-a71f-86a87acbe0b5","status":{"value":3,"text":"connected"},"funcKey":"myKey","funcParams":["param1"],"stateMessage":true}',
    { status: 3, funcKey: "myKey", funcParams: ["param1"], isState: true },
  ],
  [
    "action without a uuid, as the SDK says it before it is connected",
    '{"status":{"value":3,"text":"connected"},"funcKey":"k","funcParams":[],"stateMessage":false}',
    { status: 3, uuid: "", funcKey: "k", funcParams: [], isState: false },
  ],
  [
    "close",
    '{"uuid":"f63ca67e-69bb-4a16-a71f-86a87acbe0b5","status":{"value":4,"text":"close connection"},"funcKey":"","funcParams":[],"stateMessage":false}',
    { status: 4, funcKey: "", funcParams: [], isState: false },
  ],
  [
    "fields of wrong types count as absent",
    '{"uuid":1,"status":{"value":3},"funcKey":2,"funcParams":"x","stateMessage":"true"}',
    { status: 3, uuid: "", funcKey: "", funcParams: [], isState: false },
  ],
  ["names in capitals, the last one of them", '{"STATUS":{"Value":2},"Uuid":"a","UUID":"b"}', { status: 2, uuid: "b" }],
  ["the exact name before others", '{"uuid":"exact","UUID":"b","status":{"value":2}}', { uuid: "exact" }],
  ["of a name that is there twice, the last", '{"status":{"value":1},"status":{"value":2}}', { status: 2 }],
  ["a status that is none", '{"status":3}', { status: undefined }],
  ["a list", "[]", undefined],
  ["null", "null", undefined],
  ["a text", '"x"', undefined],
  ["no JSON", "{bad", undefined],
  ["nothing", "", undefined],
];

/** What the server says: what happened, and the bytes. */
export const outbound = {
  connected:
    '{"uuid":"1c3da40e-0acf-4f1e-a83d-d3277af4d88a","status":{"value":3,"text":"connected"},"funcKey":"","funcParams":[],"stateMessage":false}',
  notConnected:
    '{"uuid":"1c3da40e-0acf-4f1e-a83d-d3277af4d88a","status":{"value":0,"text":"not connected"},"funcKey":"","funcParams":[],"stateMessage":false}',
  action:
    '{"uuid":"1c3da40e-0acf-4f1e-a83d-d3277af4d88a","status":{"value":3,"text":"connected"},"funcKey":"move","funcParams":["e2","<e4>"],"stateMessage":false}',
  state:
    '{"uuid":"1c3da40e-0acf-4f1e-a83d-d3277af4d88a","status":{"value":3,"text":"connected"},"funcKey":"move","funcParams":["e2","<e4>"],"stateMessage":true}',
  removal:
    '{"uuid":"1c3da40e-0acf-4f1e-a83d-d3277af4d88a","status":{"value":3,"text":"connected"},"funcKey":"move","funcParams":[],"stateMessage":true}',
} as const;

/** Spellings of one UUID; what is none. */
export const spellings = {
  canonical: "f63ca67e-69bb-4a16-a71f-86a87acbe0b5",
  others: [
    "F63CA67E-69BB-4A16-A71F-86A87ACBE0B5",
    "f63ca67e69bb4a16a71f86a87acbe0b5",
    "{f63ca67e-69bb-4a16-a71f-86a87acbe0b5}",
    "urn:uuid:f63ca67e-69bb-4a16-a71f-86a87acbe0b5",
    "URN:UUID:F63CA67E-69bb-4a16-a71f-86a87acbe0b5",
  ],
  none: [
    "",
    "{}",
    "f63ca67e",
    "f63ca67e-69bb-4a16-a71f-86a87acbe0b",
    "g63ca67e-69bb-4a16-a71f-86a87acbe0b5",
    "f63ca67e-69bb-4a16-a71f-86a87acbe0b5\n",
  ],
} as const;
