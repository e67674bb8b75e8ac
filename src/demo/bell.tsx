import type { JSX } from "preact";

/** A bell that swings once whenever it is heard again. */
export function Bell({ tone, heard }: { readonly tone?: number; readonly heard: number }): JSX.Element {
  const colour = tone === undefined ? "bell" : `bell tone-${tone}`;
  return (
    <svg key={heard} class={heard > 0 ? `${colour} swinging` : colour} viewBox="0 0 24 24" aria-hidden="true">
      <path d="M12 2.2a1.7 1.7 0 0 1 1.7 1.7v.5c2.7.8 4.5 3.2 4.5 6.1 0 3.9 1 5.5 2.3 6.7.7.6.3 1.8-.7 1.8H4.2c-1 0-1.4-1.2-.7-1.8 1.3-1.2 2.3-2.8 2.3-6.7 0-2.9 1.8-5.3 4.5-6.1v-.5A1.7 1.7 0 0 1 12 2.2z" />
      <path class="clapper" d="M9.3 20h5.4a2.7 2.7 0 0 1-5.4 0z" />
    </svg>
  );
}
