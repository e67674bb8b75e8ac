/** How many bells there are: the stylesheet has a colour for each, and each has its note. */
export const tones = 8;

/** The bell that a name rings: the same for everyone who looks, and after every reconnect. */
export function toneOf(name: string): number {
  let hash = 7;
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)!) % 65_521;
  return hash % tones;
}
