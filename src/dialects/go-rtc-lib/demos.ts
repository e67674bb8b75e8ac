import { CarillonError } from "../../errors/carillon-error.ts";
import { fieldOf, isObject } from "../payload.ts";
import type { RtcConnection } from "./connection.ts";
import { JsonMessage, type Content } from "./messages.ts";
import type { Registry } from "./registry.ts";

/** The original's echo demo: what a client sends comes back to it, text as text and bytes as bytes. */
export function echo(_: RtcConnection, content: Content): Content {
  return content;
}

/** The original's broadcast demo: everyone on the registry, the sender included, gets `{"id","message"}`. */
export function broadcast({ id }: RtcConnection, content: Content, registry: Registry): void {
  registry.broadcastToAll(new JsonMessage({ id, message: textOf(content) }));
}

/**
 * The original's demo of groups: `join`, `leave` and `message`, of which the members of the group get `{"from","message"}`.
 *
 * Unlike there, only members send to a group, and the channel's rule is asked about them; what it refuses is not answered.
 * Without a group a message goes to everyone on the registry. What is no JSON closes the connection.
 */
export async function groups(connection: RtcConnection, content: Content, registry: Registry): Promise<void> {
  const { content: said } = JsonMessage.deserialize(content);
  if (said === null) return;
  if (!isObject(said)) throw new CarillonError("bad-request", { message: "not an object" });
  const action = textField(said, "action");
  const group = textField(said, "group");
  const message = textField(said, "message");
  try {
    switch (action) {
      case "join":
        await registry.joinGroup(group, connection);
        return;
      case "leave":
        registry.removeFromGroup(group, connection);
        return;
      case "message":
        await registry.broadcast(new JsonMessage({ from: connection.id, message }), group, {
          from: connection,
          data: message,
        });
        return;
      default:
        return;
    }
  } catch (error) {
    if (!(error instanceof CarillonError)) throw error;
  }
}

/** @throws {CarillonError} `bad-request` for anything but text, as the decoder of the original does */
function textField(said: Readonly<Record<string, unknown>>, name: string): string {
  const value = fieldOf(said, name) ?? "";
  if (typeof value === "string") return value;
  throw new CarillonError("bad-request", { message: `"${name}" must be text` });
}

function textOf(content: Content): string {
  return typeof content === "string" ? content : new TextDecoder("utf-8", { ignoreBOM: true }).decode(content);
}
