import type { Delivery } from "../../engine/delivery.ts";
import type { Encoder } from "../../engine/ports/encoder.ts";
import type { Frame, Packet } from "../../engine/ports/wire.ts";
import type { Publication, Source } from "../../engine/publication.ts";

export const dialectName = "go-rtc-lib";

/** What the words of all registries begin with. */
const registryPrefix = `${dialectName}:`;

/** The name by which a registry's own words are known. */
export function languageOf(registry: string): string {
  return `${registryPrefix}${registry}`;
}

/** A frame as a registry's own words; bytes are those of the publication. */
export function sourceOf(language: string, frame: Frame): Source {
  return { dialect: language, text: typeof frame === "string" ? frame : "" };
}

/** Writes what happens in groups for the clients of one registry: its own words as they are, and those of no other registry. */
export function registryEncoder(language: string): Encoder {
  return { encode: (delivery) => encode(language, delivery) };
}

function encode(language: string, delivery: Delivery): Packet | undefined {
  switch (delivery.kind) {
    case "publication":
      return publicationPacket(language, delivery.publication);
    case "whisper":
      return [told(delivery.data, delivery.from.id)];
    case "event":
      return [told(delivery.data)];
    case "batch":
      return delivery.items.map((item) => told(item));
    default:
      return undefined;
  }
}

function publicationPacket(language: string, publication: Publication): Packet | undefined {
  const { data, source, from, batch, stateKey } = publication;
  if (source?.dialect === language) {
    return [data instanceof Uint8Array && source.text === "" ? data : source.text];
  }
  if (source?.dialect.startsWith(registryPrefix)) return undefined;
  // The removal of a state says nothing.
  if (stateKey !== undefined && data === undefined) return undefined;
  return batch ? (data as readonly unknown[]).map((item) => told(item, from?.id)) : [told(data, from?.id)];
}

/** As the original's demo of groups says it. */
function told(data: unknown, from = "server"): Frame {
  return data instanceof Uint8Array ? data : JSON.stringify({ from, message: data ?? null });
}
