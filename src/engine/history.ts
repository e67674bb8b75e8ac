import { CarillonError } from "../errors/carillon-error.ts";
import type { Channels } from "./channels.ts";
import type { LiveConnection } from "./connection.ts";
import type { Later } from "./later.ts";
import { checkChannelName } from "./names.ts";
import type { HistoryPage, HistoryRange } from "./ports/broker.ts";

const maxLimit = 300;
const usualLimit = 100;

/**
 * A part of a channel's history: the oldest after a position, the newest before one, or just the newest.
 *
 * @param range a `limit` of 1 to 300, by default 100
 * @param reader the client that asks; it has to be subscribed
 * @throws {CarillonError} `channel-name-invalid`, `not-subscribed`, `not-supported` for a channel without history, `bad-request`,
 * `broker-unavailable`
 */
export function readHistory(
  channels: Channels,
  channel: string,
  { after, before, limit = usualLimit }: Partial<HistoryRange>,
  reader?: LiveConnection,
): Later<HistoryPage> {
  checkChannelName(channel);
  if (reader && !reader.subscriptions.has(channel)) throw new CarillonError("not-subscribed");
  if (!channels.ruleOf(channel).history) {
    throw new CarillonError("not-supported", { message: "this channel keeps no history" });
  }
  if (after && before) throw new CarillonError("bad-request", { message: "give after or before, not both" });
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > maxLimit) {
    throw new CarillonError("bad-request", { message: `limit is a whole number from 1 to ${maxLimit}` });
  }
  return channels.read(channel, { limit, ...(after && { after }), ...(before && { before }) });
}
