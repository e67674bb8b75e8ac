const manners = [
  "Amber",
  "Brave",
  "Calm",
  "Clever",
  "Gentle",
  "Jolly",
  "Lucky",
  "Merry",
  "Quiet",
  "Silver",
  "Sunny",
  "Swift",
];
const beings = [
  "Badger",
  "Finch",
  "Fox",
  "Heron",
  "Lark",
  "Lynx",
  "Marten",
  "Otter",
  "Owl",
  "Robin",
  "Swallow",
  "Wren",
];

/** A name for somebody who has not chosen one yet. */
export function friendlyName(): string {
  return `${oneOf(manners)} ${oneOf(beings)}`;
}

function oneOf(words: readonly string[]): string {
  return words.at(Math.floor(Math.random() * words.length))!;
}
