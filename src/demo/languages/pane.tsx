import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Bell } from "../bell.tsx";
import { JsonText } from "../json.tsx";
import { useStayAtEnd } from "../stay-at-end.ts";
import type { Speaker, SpeakerState, SpokenFrame } from "./speaker.ts";

const states: Readonly<Record<SpeakerState, string>> = {
  waiting: "waits for the room",
  connecting: "connecting",
  open: "connected",
  closed: "closed",
};

/** One client: what it says and hears, and the bytes of it. */
export function Pane({ speaker, tone }: { readonly speaker: Speaker; readonly tone: number }): JSX.Element {
  const { name, path } = speaker.language;
  const state = speaker.state.value;
  const frames = speaker.frames.value;
  const list = useStayAtEnd(frames.at(-1)?.key);
  return (
    <section class="card pane" aria-label={name}>
      <div class="bar">
        <div class="title">
          <Bell tone={tone} heard={speaker.heard.value} />
          <h2>{name}</h2>
          <code>{path}</code>
        </div>
        <span class={`is-${state}`}>
          <span class="dot" title={states[state]} aria-hidden="true" />
          <span class="unseen">{states[state]}</span>
        </span>
      </div>
      <div class="scroll" ref={list} tabIndex={0} role="group" aria-label={`Frames of ${name}`}>
        <ol class="frames">
          {frames.map((frame) => (
            <FrameView key={frame.key} frame={frame} />
          ))}
        </ol>
      </div>
      <Line speaker={speaker} />
    </section>
  );
}

function FrameView({ frame: { direction, text, words } }: { readonly frame: SpokenFrame }): JSX.Element {
  return (
    <li class={`frame ${direction}`}>
      <div class="facts">
        <span class="way" title={direction}>
          <span aria-hidden="true">{direction === "sent" ? "↑" : "↓"}</span>
          <span class="unseen">{direction}</span>
        </span>
        {words !== undefined && <span class="words">{words}</span>}
        <span class="size">{new TextEncoder().encode(text).length} B</span>
      </div>
      <JsonText text={text} />
    </li>
  );
}

function Line({ speaker }: { readonly speaker: Speaker }): JSX.Element {
  const { name, say } = speaker.language;
  const draft = useSignal("");
  if (!say) return <p class="hint listens">A guest only listens.</p>;
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        const words = draft.value.trim();
        draft.value = "";
        if (words) speaker.say(words);
      }}
    >
      <input
        type="text"
        aria-label={`Say something in ${name}`}
        autocomplete="off"
        maxLength={200}
        placeholder="Say something"
        value={draft.value}
        onInput={(event) => (draft.value = event.currentTarget.value)}
      />
      <button type="submit" class="button" disabled={speaker.state.value !== "open"}>
        Send
      </button>
    </form>
  );
}
