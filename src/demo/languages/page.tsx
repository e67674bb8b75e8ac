import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Brand } from "../brand.tsx";
import { gather } from "./gathering.ts";
import { Pane } from "./pane.tsx";

/** Clients of all languages side by side, who talk to each other. */
export function LanguagesPage({ known }: { readonly known: string | undefined }): JSX.Element {
  const [gathering, setGathering] = useState(() => gather(known));
  const { speakers, room } = gathering;
  const heard = speakers.reduce((sum, speaker) => sum + speaker.heard.value, 0);
  const silent = speakers.filter(({ state }) => state.value === "closed").map(({ language }) => language.name);
  return (
    <div class="page languages">
      <header class="header">
        <Brand heard={heard} />
      </header>
      <main class="panes">
        <section class="card about" aria-labelledby="about-title">
          <h2 id="about-title">One room, six languages</h2>
          <p class="hint">
            Each pane is a client on a WebSocket of its own, and speaks as clients of that system always did. What is
            said in one is heard in all others: below the words are the bytes.
          </p>
          <p class="hint room">{room.value ?? "The room is being made."}</p>
          {silent.length > 0 && (
            <p class="hint" role="status">
              {silent.length === speakers.length
                ? "The connections were lost. Start again when the server is back."
                : `Not connected: ${silent.join("; ")}.`}
            </p>
          )}
          <div class="bar">
            <a href={`/languages#${encodeURIComponent(room.value ?? "")}`} target="_blank" rel="noopener">
              Join it from a second window
            </a>
            <button
              type="button"
              class="button quiet"
              onClick={() => {
                gathering.end();
                setGathering(gather());
              }}
            >
              Start again
            </button>
          </div>
        </section>
        {speakers.map((speaker, tone) => (
          <Pane key={speaker.language.name} speaker={speaker} tone={tone} />
        ))}
      </main>
    </div>
  );
}
