import { fromBase64 } from "../../protocol/base64.ts";
import { openHttpLink, type HttpPipe } from "./http-link.ts";
import type { Transport } from "./transport.ts";

/** A server forgets a link that asks nothing for twice this time. */
const keepAliveMs = 15_000;

/** No event of a server is longer: a frame of 4 MiB in base64, and its name. */
const maxEventLength = 6 * 1024 * 1024;

/** The transport over server-sent events one way and plain requests the other: for proxies that know no WebSockets. */
export function sse(): Transport {
  return {
    name: "sse",
    mayBeHeldBack: true,
    connect: (request) => openHttpLink(request, stream, keepAliveMs),
  };
}

/** Reads one stream to its end. The next one begins after the last whole event. */
async function stream(pipe: HttpPipe): Promise<void> {
  const reader = (await pipe.get("sse")).body!.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let seam = "";
  let isIdle = true;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    // Proxies that hold bytes back do so from the first one, which the server sends at once.
    pipe.ready();
    const more = decoder.decode(value, { stream: true });
    text += more;
    seam = seam.slice(-1) + more;
    // A long event comes in many pieces, and is not looked through for each of them.
    if (seam.includes("\n\n")) {
      const events = text.split("\n\n");
      text = events.pop()!;
      for (const event of events) if (readEvent(event, pipe)) isIdle = false;
    }
    if (text.length > maxEventLength) pipe.end(1009, "");
  }
  // A server that can only say hello is no use, and would be asked without pause.
  if (isIdle) pipe.end(1006, "");
}

/** @returns whether it was a frame @see HTML, "server-sent events", "interpreting an event stream" */
function readEvent(event: string, { frame, count, end }: HttpPipe): boolean {
  const fields = (name: string): string =>
    event
      .split("\n")
      .filter((line) => line.startsWith(`${name}:`))
      .map((line) => line.slice(name.length + 1).replace(/^ /, ""))
      .join("\n");
  const data = fields("data");
  const type = fields("event");
  if (!data) return false;
  if (type === "close") {
    const { code, reason } = JSON.parse(data);
    end(code, reason);
  } else {
    count(1);
    frame(type === "bytes" ? fromBase64(data) : data);
  }
  return true;
}
