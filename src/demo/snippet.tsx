import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Visit } from "./visit.ts";

/** The same conversation, from a page of one's own. */
export function Snippet({ visit }: { readonly visit: Visit }): JSX.Element {
  const isCopied = useSignal(false);
  const { origin } = location;
  const code = [
    `import { createClient } from "${origin}/carillon.js";`,
    `const lobby = createClient("${origin}/carillon?name=Ada").channel(${JSON.stringify(visit.channel.value)});`,
    `lobby.on("chat", ({ text }) => console.log(text));`,
    `await lobby.subscribe();`,
    `await lobby.publish("chat", { text: "hello from a script" });`,
  ].join("\n");
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(code);
    isCopied.value = true;
  };
  return (
    <details class="card snippet">
      <summary>The same in five lines of your own</summary>
      <pre tabIndex={0}>
        <code>{code}</code>
      </pre>
      <div class="bar">
        <p class="hint">
          Put it into a <code>{`<script type="module">`}</code>. Pages of other sites need <code>--origins</code>.
        </p>
        {"clipboard" in navigator && (
          <button type="button" class="button quiet" onClick={() => void copy().catch(() => undefined)}>
            {isCopied.value ? "Copied" : "Copy"}
          </button>
        )}
      </div>
    </details>
  );
}
