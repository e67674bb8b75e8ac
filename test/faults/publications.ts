import { placeOf, type Logs, type Place } from "./logs.ts";

/** One publish, with all that its publisher knows of it. */
export interface Publish {
  readonly pub: number;
  readonly seq: number;
  readonly channel: string;
  readonly at: number;
  readonly outcome: "acked" | "refused" | "indeterminate";
  readonly ackedAt?: number;
  readonly id?: string;
  readonly place?: Place;
}

/** All attempts of a run, by `pub` and `seq`. */
export function publishesOf({ publishers }: Logs): ReadonlyMap<string, Publish> {
  const found = new Map<string, Publish>();
  for (const [pub, entries] of publishers) {
    for (const entry of entries) {
      const key = keyOf(pub, entry.seq);
      if (entry.kind === "attempt") {
        const { seq, channel, at } = entry;
        found.set(key, { pub, seq, channel, at, outcome: "indeterminate" });
        continue;
      }
      const attempt = found.get(key);
      if (!attempt) throw new Error(`publisher ${pub} has an answer to ${entry.seq}, which it never tried`);
      if (entry.kind === "refused") found.set(key, { ...attempt, outcome: "refused" });
      else {
        const { at: ackedAt, id, position } = entry;
        const place = position === undefined ? {} : { place: placeOf(position) };
        found.set(key, { ...attempt, outcome: "acked", ackedAt, id, ...place });
      }
    }
  }
  return found;
}

export function keyOf(pub: number, seq: number): string {
  return `${pub}/${seq}`;
}
