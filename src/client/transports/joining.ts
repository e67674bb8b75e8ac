import type { Codec, CodecFrame } from "../../protocol/codec.ts";
import { maxMessagesPerFrame } from "../../protocol/messages.ts";

/** A frame of so many bytes cannot have more tokens than a server takes, whatever is in it. @see PROTOCOL.md, section 2 */
const maxJoinedBytes = 10_000;

/** Takes as many frames off the list as may be joined, at least one, and joins them. */
export function takeJoined(frames: CodecFrame[], codec: Codec, maxBytes = 0): CodecFrame {
  let count = 0;
  // A list costs two brackets and a comma for all but one; MessagePack's header is no longer.
  let bytes = 1;
  while (count < frames.length && count < maxMessagesPerFrame) {
    bytes += bytesOf(frames[count]!) + 1;
    if (count > 0 && bytes > Math.min(maxBytes, maxJoinedBytes)) break;
    count += 1;
  }
  const taken = frames.splice(0, count);
  return count > 1 ? codec.join(taken) : taken[0]!;
}

/** How long a frame is on the wire. */
export function bytesOf(frame: CodecFrame): number {
  return typeof frame === "string" ? new TextEncoder().encode(frame).length : frame.length;
}
