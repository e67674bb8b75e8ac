import type { JSX } from "preact";
import { Chat } from "./chat.tsx";
import { Header } from "./header.tsx";
import { Members } from "./members.tsx";
import { Place } from "./place.tsx";
import { Snippet } from "./snippet.tsx";
import type { Visit } from "./visit.ts";
import { Wire } from "./wire.tsx";
import type { WireLog } from "./wire-log.ts";

export function App({ visit, wireLog }: { readonly visit: Visit; readonly wireLog: WireLog }): JSX.Element {
  return (
    <div class="page">
      <Header visit={visit} />
      <main class="columns">
        <div class="side">
          <Place visit={visit} />
          <Members visit={visit} />
        </div>
        <Chat visit={visit} />
        <div class="side">
          <Wire visit={visit} wireLog={wireLog} />
          <Snippet visit={visit} />
        </div>
      </main>
    </div>
  );
}
