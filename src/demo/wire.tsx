import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Json } from "./json.tsx";
import { useStayAtEnd } from "./stay-at-end.ts";
import type { Visit } from "./visit.ts";
import type { LoggedFrame, WireLog } from "./wire-log.ts";

/** Everything that goes over the link, both ways. */
export function Wire({ visit, wireLog }: { readonly visit: Visit; readonly wireLog: WireLog }): JSX.Element {
  const isPretty = useSignal(false);
  const frames = wireLog.frames.value;
  const { sent, received } = wireLog.totals.value;
  const list = useStayAtEnd(`${frames.at(-1)?.key} ${isPretty.value}`);
  return (
    <section class="card wire" aria-labelledby="wire-title">
      <div class="bar">
        <h2 id="wire-title">On the wire</h2>
        <button
          type="button"
          class="button quiet"
          aria-pressed={isPretty.value}
          onClick={() => (isPretty.value = !isPretty.value)}
        >
          Pretty
        </button>
        <button type="button" class="button quiet" onClick={() => wireLog.clear()}>
          Clear
        </button>
      </div>
      <p class="totals">
        <span class="sent">
          ↑ {count(sent.frames)}, {size(sent.bytes)}
        </span>
        <span class="received">
          ↓ {count(received.frames)}, {size(received.bytes)}
        </span>
        <span>{visit.encoding.value === "json" ? "text" : "binary, shown as JSON"}</span>
      </p>
      <div class="scroll" ref={list} tabIndex={0} role="group" aria-label="Frames">
        <ol class="frames">
          {frames.map((frame) => (
            <FrameView key={frame.key} frame={frame} isPretty={isPretty.value} />
          ))}
        </ol>
      </div>
    </section>
  );
}

function FrameView({ frame, isPretty }: { readonly frame: LoggedFrame; readonly isPretty: boolean }): JSX.Element {
  const { direction, bytes, isBinary, time, content } = frame;
  return (
    <li class={`frame ${direction}`}>
      <div class="facts">
        <span class="way" title={direction}>
          <span aria-hidden="true">{direction === "sent" ? "↑" : "↓"}</span>
          <span class="unseen">{direction}</span>
        </span>
        <span class="type">{typeOf(content)}</span>
        {isBinary && <span class="binary">binary</span>}
        <span class="size">{size(bytes)}</span>
        <time dateTime={new Date(time).toISOString()}>{new Date(time).toLocaleTimeString([], { hour12: false })}</time>
      </div>
      <Json value={content} isPretty={isPretty} />
    </li>
  );
}

function typeOf(content: unknown): string {
  if (Array.isArray(content)) return `${content.length} messages`;
  const type = typeof content === "object" && content !== null && "type" in content ? content.type : undefined;
  return typeof type === "string" ? type : "unreadable";
}

function count(frames: number): string {
  return frames === 1 ? "1 frame" : `${frames} frames`;
}

function size(bytes: number): string {
  return bytes < 10_000 ? `${bytes} B` : `${(bytes / 1_000).toFixed(1)} kB`;
}
