/** For so long somebody may be seen who is not there any more: until it is noticed, and a grace. */
const seenMs = 3_000;

interface Place {
  here: number;
  endedAt: number;
}

/** Who is in which channel, by the word of those who are: what all others are held against. */
export class Roll {
  readonly #now: () => number;
  readonly #places = new Map<string, Place>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** One of a user's tabs is there from now on. */
  enter(channel: string, user: string): void {
    const key = `${channel} ${user}`;
    const place = this.#places.get(key) ?? { here: 0, endedAt: 0 };
    place.here += 1;
    this.#places.set(key, place);
  }

  leave(channel: string, user: string): void {
    const place = this.#places.get(`${channel} ${user}`)!;
    place.here -= 1;
    place.endedAt = this.#now();
  }

  /** Is there, or was a moment ago. */
  mayBeSeen(channel: string, user: string): boolean {
    const place = this.#places.get(`${channel} ${user}`);
    return place !== undefined && (place.here > 0 || this.#now() - place.endedAt <= seenMs);
  }

  users(channel: string): readonly string[] {
    const there = [...this.#places].filter(([key, { here }]) => here > 0 && key.startsWith(`${channel} `));
    return there.map(([key]) => key.slice(channel.length + 1));
  }
}
