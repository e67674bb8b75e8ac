import type { Frame, Packet } from "../../engine/ports/wire.ts";

/**
 * Packets as server-sent events: each frame is one, bytes as base64 under an event name of their own.
 *
 * @see HTML, section 9.2.6 "Interpreting an event stream"
 */
export function frameEvents(packets: readonly Packet[]): Buffer {
  let text = "";
  for (const packet of packets) for (const frame of packet) text += eventOf(frame);
  return Buffer.from(text);
}

/** A line break, as a reader of the stream sees one. */
const lineBreak = /\r\n|\r|\n/;

function eventOf(frame: Frame): string {
  if (typeof frame !== "string") {
    return `event: bytes\ndata: ${Buffer.from(frame.buffer, frame.byteOffset, frame.length).toString("base64")}\n\n`;
  }
  return lineBreak.test(frame) ? `data: ${frame.split(lineBreak).join("\ndata: ")}\n\n` : `data: ${frame}\n\n`;
}

/** Says how many frames there were up to here; no event by itself. */
export function idOf(count: number): string {
  return `id: ${count}\n\n`;
}

/** The last event of a stream whose link is closed. JSON, so that no reason can break out of its line. */
export function closeEvent(code: number, reason: string): string {
  return `event: close\ndata: ${JSON.stringify({ code, reason })}\n\n`;
}
