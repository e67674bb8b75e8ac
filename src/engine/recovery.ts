import type { GapReason } from "./delivery.ts";
import type { HistoryPage } from "./ports/broker.ts";
import { exceedsBytes } from "./payload-size.ts";
import type { Position, Publication } from "./publication.ts";

/** How much may be replayed to one subscriber. */
export interface RecoveryLimits {
  readonly recoveredPublications: number;
  readonly recoveredBytes: number;
}

/** Everything that was missed, in order; or why it cannot be had. */
export type Recovered =
  | { readonly publications: readonly Publication[] }
  | { readonly reason: GapReason; readonly publications?: undefined };

/** What a subscriber has, and what is known of what it does not have. */
export interface Missed {
  /** What the subscriber has heard last. */
  readonly since: Position;
  /** What the channel on this node has heard last. */
  readonly last: Position;
  /** What was read after `since`. */
  readonly page: HistoryPage;
  /** What came in while it was read. */
  readonly held: readonly Publication[];
}

export function isSamePosition(a: Position, b: Position): boolean {
  return a.offset === b.offset && a.epoch === b.epoch && a.tag === b.tag;
}

/**
 * Puts together what was published after `since` and up to `last`: all of it, or nothing.
 *
 * What was read beyond `last` is left out, because the channel hands it out when it gets there.
 */
export function recover({ since, last, page, held }: Missed, limits: RecoveryLimits): Recovered {
  if (since.epoch !== last.epoch || page.top.epoch !== last.epoch) return { reason: "reset" };
  if (!page.isCovered) return { reason: reasonOf(since, page) };
  const publications: Publication[] = [];
  let offset = since.offset;
  for (const publication of [...page.publications, ...held]) {
    const { position } = publication;
    if (position?.offset !== offset + 1 || position.epoch !== last.epoch || offset === last.offset) continue;
    publications.push(publication);
    offset += 1;
  }
  if (publications.length > limits.recoveredPublications) return { reason: "too-much" };
  if (offset !== last.offset) return { reason: "expired" };
  // After a failover the same offsets may belong to other publications.
  if ((publications.at(-1)?.position ?? since).tag !== last.tag) return { reason: "reset" };
  return exceedsBytes(publications, limits.recoveredBytes) ? { reason: "too-much" } : { publications };
}

/** Why what came after a position cannot be read. */
export function reasonOf({ epoch, offset }: Position, { top, publications }: HistoryPage): GapReason {
  if (epoch !== top.epoch || offset >= top.offset) return "reset";
  // What came right after it is there, so it is the position itself that is another.
  return publications[0]?.position?.offset === offset + 1 ? "reset" : "expired";
}
