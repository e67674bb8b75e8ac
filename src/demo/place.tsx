import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { defaultChannel, type Visit } from "./visit.ts";

/** Who one is, and where: two fields that take effect with Enter or on leaving them. */
export function Place({ visit }: { readonly visit: Visit }): JSX.Element {
  return (
    <section class="card place" aria-label="You">
      <Field label="Your name" value={visit.name.value} maxLength={40} onCommit={(name) => visit.rename(name)} />
      <Field
        label="Channel"
        value={visit.channel.value}
        maxLength={200}
        list="channels"
        onCommit={(channel) => visit.go(channel)}
      />
      <datalist id="channels">
        {[defaultChannel, "presence-tower", "news"].map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </section>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly maxLength: number;
  readonly list?: string;
  readonly onCommit: (value: string) => void;
}

function Field({ label, value, maxLength, list, onCommit }: FieldProps): JSX.Element {
  const draft = useSignal<string | undefined>(undefined);
  const commit = (): void => {
    const next = draft.value?.trim();
    draft.value = undefined;
    if (next) onCommit(next);
  };
  return (
    <form
      class="field"
      onSubmit={(event) => {
        event.preventDefault();
        commit();
      }}
    >
      <label>
        <span>{label}</span>
        <input
          type="text"
          autocomplete="off"
          spellcheck={false}
          maxLength={maxLength}
          value={draft.value ?? value}
          {...(list !== undefined && { list })}
          onInput={(event) => (draft.value = event.currentTarget.value)}
          onBlur={commit}
        />
      </label>
    </form>
  );
}
