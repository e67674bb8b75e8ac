import type { JSX } from "preact";
import { Brand } from "./brand.tsx";
import { ConnectionBadge } from "./connection-badge.tsx";
import type { Encoding, Visit } from "./visit.ts";

const encodings: readonly { readonly value: Encoding; readonly label: string }[] = [
  { value: "json", label: "JSON" },
  { value: "msgpack", label: "MessagePack" },
];

export function Header({ visit }: { readonly visit: Visit }): JSX.Element {
  const { counts } = visit.rung.value;
  const heard = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const isOpen = visit.state.value.kind === "open";
  return (
    <header class="header">
      <Brand heard={heard} />
      <div class="controls">
        <ConnectionBadge visit={visit} />
        <fieldset class="switch">
          <legend class="unseen">Written on the wire as</legend>
          {encodings.map(({ value, label }) => (
            <label key={value}>
              <input
                type="radio"
                name="encoding"
                checked={visit.encoding.value === value}
                onChange={() => visit.encode(value)}
              />
              <span>{label}</span>
            </label>
          ))}
        </fieldset>
        <button type="button" class="button" disabled={!isOpen} onClick={() => visit.drop()}>
          Drop the connection
        </button>
      </div>
    </header>
  );
}
