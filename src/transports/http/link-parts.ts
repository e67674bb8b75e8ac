import type { HttpSettings } from "../../dialects/dialect.ts";
import type { Clock } from "../../platform/clock.ts";
import type { OutboundBudget } from "../outbound-budget.ts";
import type { MessageRate } from "../pace.ts";
import type { SharedSends } from "../shared-sends.ts";
import type { PacketSizes } from "./outbox.ts";

/** What all links of an endpoint share. */
export interface LinkParts {
  readonly settings: HttpSettings;
  readonly clock: Clock;
  readonly budget: OutboundBudget;
  readonly rate: MessageRate;
  readonly sizes: PacketSizes;
  /** What streams are told, whatever the format of their links. */
  readonly streams: SharedSends;
  /** How long a client that lost its stream should wait before it comes back, in ms. */
  readonly retryMs: () => number;
}
