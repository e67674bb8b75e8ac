import { CarillonError } from "../errors/carillon-error.ts";
import type { ClientMessage, PublishMessage } from "./messages.ts";

type Writable<Message> = { -readonly [Field in keyof Message]: Message[Field] };
type Fields = Readonly<Record<string, unknown>>;

/**
 * Checks what a client sent, field by field. Fields that this version does not know are dropped.
 *
 * @throws {CarillonError} `bad-request` naming the field, `unknown-type`
 */
export function readClientMessage(value: unknown): ClientMessage {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CarillonError("bad-request", { message: "a message is an object" });
  }
  const fields = value as Fields;
  switch (fields["type"]) {
    case "publish": {
      const message: Writable<PublishMessage> = {
        type: "publish",
        channel: text(fields, "channel"),
        event: text(fields, "event"),
        data: fields["data"],
      };
      // Set and not spread: this is the message that comes most.
      if (fields["ref"] !== undefined) message.ref = ref(fields);
      if (fields["echo"] !== undefined) message.echo = flag(fields, "echo");
      if (fields["id"] !== undefined) message.id = publicationId(fields);
      if (fields["stateKey"] !== undefined) message.stateKey = text(fields, "stateKey");
      return message;
    }
    case "send":
      return { type: "send", event: text(fields, "event"), data: fields["data"] };
    case "request":
      return { type: "request", ref: ref(fields), event: text(fields, "event"), data: fields["data"] };
    case "response":
      return { type: "response", ref: ref(fields), data: fields["data"] };
    case "subscribe":
      return {
        type: "subscribe",
        ref: ref(fields),
        channel: text(fields, "channel"),
        ...optional(fields, "since", text),
        ...optional(fields, "token", text),
      };
    case "unsubscribe":
      return { type: "unsubscribe", ref: ref(fields), channel: text(fields, "channel") };
    case "connect":
      return {
        type: "connect",
        ...optional(fields, "token", text),
        ...optional(fields, "resume", flag),
        ...optional(fields, "session", text),
        ...optional(fields, "received", count),
      };
    case "history":
      return {
        type: "history",
        ref: ref(fields),
        channel: text(fields, "channel"),
        ...optional(fields, "after", text),
        ...optional(fields, "before", text),
        ...optional(fields, "limit", count),
      };
    case "ack":
      return { type: "ack", received: count(fields, "received") };
    case "error":
      return { type: "error", ref: ref(fields), code: text(fields, "code"), message: text(fields, "message") };
    case "ping":
      return { type: "ping" };
    case "whisper":
      return { type: "whisper", channel: text(fields, "channel"), event: text(fields, "event"), data: fields["data"] };
    case "refresh":
      return { type: "refresh", ref: ref(fields), token: text(fields, "token") };
    case undefined:
      throw new CarillonError("bad-request", { message: `"type" is missing` });
    default:
      throw new CarillonError(typeof fields["type"] === "string" ? "unknown-type" : "bad-request");
  }
}

/** The `ref` of a message that may be broken otherwise, so that the error can name it. */
export function refOf(value: unknown): number | undefined {
  const found = typeof value === "object" && value !== null ? (value as Fields)["ref"] : undefined;
  return isRef(found) ? found : undefined;
}

function isRef(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function ref(fields: Fields): number {
  return count(fields, "ref");
}

function count(fields: Fields, name: string): number {
  const value = fields[name];
  if (isRef(value)) return value;
  throw new CarillonError("bad-request", { message: `"${name}" must be an integer from 0 to 2^53 - 1` });
}

function publicationId(fields: Fields): string {
  const value = fields["id"];
  if (typeof value === "string" && /^[\w-]{1,64}$/.test(value)) return value;
  throw new CarillonError("bad-request", { message: `"id" must be 1 to 64 letters, digits, - or _` });
}

/** A field that may be absent. */
function optional<Name extends string, Value>(
  fields: Fields,
  name: Name,
  read: (fields: Fields, name: string) => Value,
): { readonly [Key in Name]?: Value } {
  return fields[name] === undefined ? {} : ({ [name]: read(fields, name) } as { readonly [Key in Name]: Value });
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === "string") return value;
  throw new CarillonError("bad-request", { message: `"${name}" must be a string` });
}

function flag(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (typeof value === "boolean") return value;
  throw new CarillonError("bad-request", { message: `"${name}" must be true or false` });
}
