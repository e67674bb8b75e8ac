import type { JSX } from "preact";
import { Bell } from "./bell.tsx";
import { toneOf } from "./tone.ts";
import { memberName, type Visit } from "./visit.ts";

export function Members({ visit }: { readonly visit: Visit }): JSX.Element {
  const members = visit.members.value;
  const { counts } = visit.rung.value;
  const hasPresence = visit.channel.value.startsWith("presence-") || members.length > 0;
  return (
    <section class="card members" aria-labelledby="members-title">
      <h2 id="members-title">Who is here {members.length > 0 && <span class="count">{members.length}</span>}</h2>
      {hasPresence ? (
        <ul>
          {members.map((member) => (
            <li key={member.user}>
              <Bell tone={toneOf(memberName(member))} heard={counts.get(member.user) ?? 0} />
              <span class="name">{memberName(member)}</span>
              {visit.isOwn(member.user) && <span class="you">you</span>}
            </li>
          ))}
        </ul>
      ) : (
        <p class="hint">Only channels whose name begins with “presence-” tell who is there.</p>
      )}
      <p class="hint try">
        <strong>Try this:</strong>{" "}
        <a href={`/#${encodeURIComponent(visit.channel.value)}`} target="_blank" rel="noopener">
          open it in a second window
        </a>{" "}
        and write to yourself. Then drop the connection in the middle of a sentence.
      </p>
    </section>
  );
}
