import { registerHooks } from "node:module";

/** A change of the source, planted to see whether anybody notices. */
export interface Mutation {
  /** The file under `src/`. */
  readonly file: string;
  /** Source text that is there exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** Changes what is imported from now on, in memory. @throws {Error} later, when the text is not there exactly once */
export function plant(mutations: readonly Mutation[]): void {
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      const planted = mutations.filter(({ file }) => url.endsWith(`/src/${file}`));
      if (planted.length === 0) return loaded;
      let source = Buffer.from(loaded.source as Uint8Array).toString();
      for (const mutation of planted) source = mutated(source, mutation);
      return { ...loaded, source };
    },
  });
}

export function mutated(source: string, { file, find, replace }: Mutation): string {
  const places = source.split(find).length - 1;
  if (places !== 1) throw new Error(`${file} has ${places} places, and not one, with: ${find}`);
  return source.replace(find, () => replace);
}
