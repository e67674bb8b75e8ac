import type { Delivery } from "../../engine/delivery.ts";
import type { Encoder } from "../../engine/ports/encoder.ts";
import type { Packet } from "../../engine/ports/wire.ts";
import type { Publication } from "../../engine/publication.ts";
import { jsonPayload } from "../payload.ts";
import { actionText, connectedText, notConnectedText } from "./messages.ts";

/** The name of the dialect, by which an owner's own words are known. */
export const dialectName = "rtbroadcaster";

/** Puts what happens in a room into actions; of what happens outside any room this dialect has no word. */
export const roomEncoder: Encoder = { encode };

function encode(delivery: Delivery): Packet | undefined {
  switch (delivery.kind) {
    case "publication":
      return publicationPacket(delivery.publication);
    case "whisper": {
      const { channel, event, data } = delivery;
      return [actionText({ uuid: channel, funcKey: event, funcParams: paramsOf(data), isState: false })];
    }
    case "subscribed":
      return [connectedText(delivery.channel)];
    case "unsubscribed":
      return [notConnectedText(delivery.channel)];
    default:
      return undefined;
  }
}

function publicationPacket({ channel, event, data, source, batch, stateKey }: Publication): Packet {
  if (source?.dialect === dialectName) return [source.text];
  const items = batch ? (data as readonly unknown[]) : [data];
  return items.map((item) =>
    actionText({ uuid: channel, funcKey: event, funcParams: paramsOf(item), isState: stateKey !== undefined }),
  );
}

/** Parameters are texts: a list of texts is taken as it is, anything else is one text of JSON. */
function paramsOf(data: unknown): readonly string[] {
  if (data === undefined) return [];
  if (Array.isArray(data) && data.every((item) => typeof item === "string")) return data;
  return [JSON.stringify(jsonPayload(data)) ?? "null"];
}
