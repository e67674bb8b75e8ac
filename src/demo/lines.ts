import { signal, type ReadonlySignal } from "@preact/signals";

/** Lines that are kept. */
const kept = 300;

/** What somebody said. */
export interface Said {
  readonly user: string;
  readonly name: string;
  readonly isOwn: boolean;
  readonly text: string;
  readonly time: number;
}

/** One line of the conversation. */
export type Line =
  | ({ readonly kind: "said"; readonly key: number } & Said)
  | { readonly kind: "notice"; readonly key: number; readonly text: string };

/** The conversation, oldest line first. */
export interface Lines {
  readonly all: ReadonlySignal<readonly Line[]>;
  said(said: Said): void;
  notice(text: string): void;
  clear(): void;
}

export function createLines(): Lines {
  const all = signal<readonly Line[]>([]);
  let key = 0;
  const add = (line: Line): void => {
    all.value = [...all.value, line].slice(-kept);
  };
  return {
    all,
    said: (said) => add({ kind: "said", key: key++, ...said }),
    notice: (text) => add({ kind: "notice", key: key++, text }),
    clear() {
      all.value = [];
    },
  };
}
