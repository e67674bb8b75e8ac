import { useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import type { ClientState } from "../client/index.ts";
import type { Visit } from "./visit.ts";

export function ConnectionBadge({ visit }: { readonly visit: Visit }): JSX.Element {
  const now = useSignal(Date.now());
  useSignalEffect(() => {
    if (visit.state.value.kind !== "waiting") return undefined;
    now.value = Date.now();
    const ticking = setInterval(() => (now.value = Date.now()), 200);
    return () => clearInterval(ticking);
  });
  const state = visit.state.value;
  return (
    <div class="connection">
      <span class={`badge is-${state.kind}`}>
        <span class="dot" aria-hidden="true" />
        {/* The seconds are not announced: only what a person would say. */}
        <span role="status">{words(state)}</span>
        {state.kind === "waiting" && <span aria-hidden="true">{countdown(state.retryAt - now.value)}</span>}
      </span>
      {state.kind === "closed" && (
        <button type="button" class="button" onClick={() => visit.retry()}>
          Connect
        </button>
      )}
    </div>
  );
}

/** What people call the transports that are not the usual one. */
const names: Readonly<Record<string, string>> = { sse: "server-sent events", "long-polling": "long-polling" };

function words(state: ClientState): string {
  switch (state.kind) {
    case "idle":
      return "Not connected";
    case "connecting":
      return state.attempt > 1 ? `Connecting, try ${state.attempt}` : "Connecting";
    case "open":
      return state.transport === "websocket"
        ? "Connected"
        : `Connected over ${names[state.transport] ?? state.transport}`;
    case "waiting":
      return "Lost, trying again";
    case "closed":
      return state.cause ? `Closed: ${state.cause.message}` : "Closed";
  }
}

function countdown(ms: number): string {
  return `in ${(Math.max(0, ms) / 1_000).toFixed(1)} s`;
}
