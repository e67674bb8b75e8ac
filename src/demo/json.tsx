import type { JSX } from "preact";

/** A string with what follows it when it is a key, a word, or a number. */
const token = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** A value as JSON in colours. */
export function Json({ value, isPretty }: { readonly value: unknown; readonly isPretty: boolean }): JSX.Element {
  const text = JSON.stringify(value, bytesAsWords, isPretty ? 2 : undefined) ?? "";
  return <code class={isPretty ? "json pretty" : "json"}>{coloured(text)}</code>;
}

/** JSON as somebody else has written it, in colours. */
export function JsonText({ text }: { readonly text: string }): JSX.Element {
  return <code class="json">{coloured(text)}</code>;
}

function coloured(text: string): readonly (string | JSX.Element)[] {
  const parts: (string | JSX.Element)[] = [];
  let end = 0;
  for (const match of text.matchAll(token)) {
    const [whole, string, colon] = match;
    parts.push(text.slice(end, match.index), <span class={string ? (colon ? "key" : "string") : "word"}>{whole}</span>);
    end = match.index + whole.length;
  }
  return [...parts, text.slice(end)];
}

function bytesAsWords(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? `${value.length} bytes` : value;
}
