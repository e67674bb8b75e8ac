import { isSame, positionOf, type Truth } from "./truth.ts";

/** A page of a channel's history, as a client gets it. */
export interface Page {
  readonly publications: readonly { readonly id: string; readonly position?: string }[];
  readonly top: string;
  readonly isCovered: boolean;
}

/** What was asked for. */
export interface PageRequest {
  readonly who: string;
  readonly channel: string;
  readonly after?: string;
  readonly before?: string;
  readonly limit: number;
}

/** What the page is held against. */
export interface PageWitness {
  readonly truth: Truth;
  readonly scheduler: { readonly now: number };
  fail(message: string): void;
}

/** A page is a part of what was published, without a hole, and says truly whether it joins what it was asked to. */
export function checkPage(page: Page, request: PageRequest, { truth, scheduler, fail }: PageWitness): void {
  const { who, channel, after, before, limit } = request;
  const wrong = (what: string): void => fail(`I2 ${who} read ${channel} ${after ?? before}: ${what}`);
  const entries = page.publications.map(({ id, position }) => {
    const entry = position === undefined ? undefined : truth.find(channel, positionOf(position));
    if (!entry || entry.publication.id !== id) wrong(`${id} is not at ${position}`);
    return entry;
  });
  const [first] = entries;
  const last = entries.at(-1);
  if (entries.length > limit) wrong(`${entries.length} are more than ${limit}`);
  for (const [index, entry] of entries.entries()) {
    const earlier = entries[index - 1];
    if (entry && earlier && !isSame(entry.previous, earlier.position)) wrong(`a hole before ${entry.position.offset}`);
  }
  const top = positionOf(page.top);
  if (after !== undefined) {
    const place = positionOf(after);
    if (!page.isCovered && !truth.whyGap(channel, place, top, scheduler.now))
      wrong("it is covered, and said not to be");
    if (!page.isCovered) return;
    if (!isSame(first?.previous ?? top, place)) wrong("it does not begin there");
    if (last && entries.length < limit && !isSame(last.position, top)) wrong("it ends too early");
  } else if (before !== undefined && page.isCovered && last) {
    const end = truth.find(channel, positionOf(before));
    if (end && !isSame(end.previous, last.position)) wrong("it does not end there");
  }
}
