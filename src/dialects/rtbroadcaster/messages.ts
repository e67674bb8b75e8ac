import type { Frame } from "../../engine/ports/wire.ts";
import { parseJson } from "../json.ts";
import { fieldOf, isObject } from "../payload.ts";

/** What `status.value` says. */
export const status = { notConnected: 0, new: 1, join: 2, connected: 3, close: 4 } as const;

/** What a client said. */
export interface ClientMessage {
  /** A key of {@link status}, as a number; anything else means nothing. */
  readonly status: unknown;
  /** As the client spelled it. */
  readonly uuid: string;
  readonly funcKey: string;
  readonly funcParams: readonly unknown[];
  readonly isState: boolean;
  /** What guests are told when it is an action. */
  readonly text: string;
}

/** An action for guests. */
export interface Action {
  readonly uuid: string;
  readonly funcKey: string;
  readonly funcParams: readonly string[];
  readonly isState: boolean;
}

// What is no UTF-8 is replaced, as in the original.
const utf8 = new TextDecoder();

/**
 * Reads what a client sent. Fields of a wrong type count as absent, as they do in the original.
 *
 * @returns `undefined` for what is no JSON object
 */
export function readMessage(frame: Frame): ClientMessage | undefined {
  const said = typeof frame === "string" ? frame : utf8.decode(frame);
  const text = said.replaceAll("\n", " ").trim();
  const message = objectIn(text);
  if (!message) return undefined;
  const place = fieldOf(message, "status");
  const funcParams = fieldOf(message, "funcParams");
  return {
    status: isObject(place) ? fieldOf(place, "value") : undefined,
    uuid: textOf(fieldOf(message, "uuid")),
    funcKey: textOf(fieldOf(message, "funcKey")),
    funcParams: Array.isArray(funcParams) ? (funcParams as readonly unknown[]) : [],
    isState: fieldOf(message, "stateMessage") === true,
    text,
  };
}

/** The answer to whoever is in a room now; `uuid` as the client spelled it. */
export function connectedText(uuid: string): string {
  return serverText(uuid, { value: status.connected, text: "connected" });
}

/** There is no such room, or there is no such room any more. */
export function notConnectedText(uuid: string): string {
  return serverText(uuid, { value: status.notConnected, text: "not connected" });
}

export function actionText({ uuid, funcKey, funcParams, isState }: Action): string {
  const place = { value: status.connected, text: "connected" };
  return JSON.stringify({ uuid, status: place, funcKey, funcParams, stateMessage: isState });
}

function serverText(uuid: string, place: { readonly value: number; readonly text: string }): string {
  return JSON.stringify({ uuid, status: place, funcKey: "", funcParams: [], stateMessage: false });
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseJson(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
