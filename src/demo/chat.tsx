import { useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { Bell } from "./bell.tsx";
import { createChime, type Chime } from "./chime.ts";
import type { Line } from "./lines.ts";
import { useStayAtEnd } from "./stay-at-end.ts";
import { toneOf } from "./tone.ts";
import type { Visit } from "./visit.ts";

/** What one person writes within this time stands under one name. */
const sameBreathMs = 120_000;

export function Chat({ visit }: { readonly visit: Visit }): JSX.Element {
  const lines = visit.lines.value;
  const unsent = visit.unsent.value;
  const list = useStayAtEnd(`${lines.at(-1)?.key} ${unsent.at(-1)?.key}`);
  return (
    <section class="card chat" aria-labelledby="chat-title">
      <div class="bar">
        <h2 id="chat-title">{visit.channel.value}</h2>
        <Sound visit={visit} />
      </div>
      <div class="scroll" ref={list} tabIndex={0} role="log" aria-live="polite" aria-label="Messages">
        {lines.some(({ kind }) => kind === "said") || unsent.length > 0 ? null : <Silence />}
        <ol class="lines">
          {lines.map((line, at) => (
            <LineView key={line.key} line={line} isContinued={continues(line, lines[at - 1])} />
          ))}
          {unsent.map(({ key, text }) => (
            <li key={`unsent-${key}`} class="said own unsent">
              <p>{text}</p>
              <span class="unseen">waiting to be sent</span>
            </li>
          ))}
        </ol>
      </div>
      <Composer visit={visit} />
    </section>
  );
}

function LineView({ line, isContinued }: { readonly line: Line; readonly isContinued: boolean }): JSX.Element {
  if (line.kind === "notice") return <li class="notice">{line.text}</li>;
  const { name, isOwn, text, time } = line;
  return (
    <li class={`said ${isOwn ? "own" : "other"} ${isContinued ? "continued" : ""}`}>
      <div class="by">
        <span class={`author tone-${toneOf(name)}`}>{isOwn ? "You" : name}</span>{" "}
        <time dateTime={new Date(time).toISOString()}>{clock(time)}</time>
      </div>
      <p>{text}</p>
    </li>
  );
}

function Silence(): JSX.Element {
  return (
    <div class="silence">
      <Bell heard={0} />
      <p>Nobody has said anything yet.</p>
      <p class="hint">Open this page in a second window to have somebody to talk to.</p>
    </div>
  );
}

function Composer({ visit }: { readonly visit: Visit }): JSX.Element {
  const text = useSignal("");
  const isOpen = visit.state.value.kind === "open";
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        const said = text.value.trim();
        text.value = "";
        if (said) visit.say(said);
      }}
    >
      <input
        type="text"
        aria-label="Message"
        autocomplete="off"
        maxLength={2_000}
        placeholder={isOpen ? "Say something" : "Say something; it is sent when you are back"}
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <button type="submit" class="button main">
        Send
      </button>
    </form>
  );
}

/** Lets every message ring its author's bell. */
function Sound({ visit }: { readonly visit: Visit }): JSX.Element {
  const isOn = useSignal(false);
  const chime = useRef<Chime | undefined>(undefined);
  useSignalEffect(() => {
    const { lastName } = visit.rung.value;
    if (isOn.peek() && lastName !== undefined) chime.current?.(toneOf(lastName));
  });
  return (
    <button
      type="button"
      class="button quiet"
      aria-pressed={isOn.value}
      onClick={() => {
        isOn.value = !isOn.value;
        if (!isOn.value) return;
        chime.current ??= createChime();
        chime.current(0);
      }}
    >
      Ring the bells
    </button>
  );
}

function continues(line: Line, before: Line | undefined): boolean {
  if (line.kind !== "said" || before?.kind !== "said") return false;
  return before.user === line.user && line.time - before.time < sameBreathMs;
}

function clock(time: number): string {
  return new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
