import type { Signal } from "../engine/ports/broker.ts";
import type { Publication } from "../engine/publication.ts";

let lastId = 0;

/** A publication like no other before it. */
export function publication(channel: string, number: number): Publication {
  lastId += 1;
  const id = `00000000-0000-4000-8000-${String(lastId).padStart(12, "0")}`;
  return { channel, event: "tick", data: { number }, id, time: 1_767_225_600_000 + number };
}

export function idsOf(publications: readonly Publication[]): readonly string[] {
  return publications.map(({ id }) => id);
}

/** Bytes may come back as another kind of `Uint8Array`; `undefined` and an absent field are the same. */
export function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).filter((entry) => entry[1] !== undefined);
  return Object.fromEntries(fields.map(([key, field]) => [key, comparable(field)] as const).toSorted(byKey));
}

/** What a publication may hold, by what a case is called. */
export const contents: Readonly<Record<string, Partial<Publication>>> = {
  "objects, lists, numbers and text": { data: { list: [1, -2.5, 1e21, "é🙂", null, true, []], nested: { empty: {} } } },
  "the payloads null, false, 0 and empty text": { data: [null, false, 0, ""] },
  "publications without a payload": { data: undefined },
  "bytes as the payload": { data: Uint8Array.from({ length: 256 }, (_, index) => index) },
  "no bytes at all as the payload": { data: new Uint8Array() },
  "text that looks like bytes or JSON": { data: 'AQID/w== {"bytes":"AQID"}' },
  "keys that mean something to JavaScript": { data: JSON.parse('{"constructor":1,"then":2,"toJSON":3,"length":4}') },
  "the sender's id and user": { from: { id: "c-1", user: "ada" } },
  "the id of an anonymous sender": { from: { id: "c-1" } },
  "who is left out": { except: "c-1" },
  "batches, bytes among their items included": { data: [{ p: 1 }, "text", Uint8Array.of(1, 2, 255)], batch: true },
  "odd event names": { event: "__proto__" },
};

/** Legal names of channels that mean something to some broker, or look like others. */
export const oddNames: readonly string[] = [
  "__proto__",
  "constructor",
  "toString",
  "a.*",
  "*",
  ">",
  ".",
  "..",
  "a b",
  " ",
  "{tag}",
  "[a-z]",
  "?",
  "a:b:c",
  "a/b?c#d",
  "é",
  "e\u0301",
  "A",
  "a",
  "🙂".repeat(50),
  "x".repeat(200),
];

/** One signal of every kind. */
export const signals: readonly Signal[] = [
  { kind: "event", event: "news", data: { text: "hi" } },
  { kind: "event", event: "bytes", data: Uint8Array.of(0, 1, 255) },
  { kind: "event", event: "others", data: null, except: "c-1" },
  { kind: "event", event: "ticks", data: [1, { p: 2 }], batch: true },
  {
    kind: "union",
    publications: ["a", "b"].map((channel) => ({
      channel,
      event: "both",
      data: [1],
      id: "00000000-0000-4000-8000-000000000000",
      time: 1_767_225_600_000,
      except: "c-1",
    })),
  },
  { kind: "whisper", channel: "a", event: "typing", data: Uint8Array.of(0, 255), from: { id: "c-1", user: "ada" } },
  { kind: "expel", channel: "a" },
  { kind: "expel", channel: "a", user: "ada" },
  { kind: "disconnect", user: "ada", code: 4410, reason: "é🙂" },
  { kind: "revoke", user: "ada", session: "c-1", token: "t-1" },
];

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
