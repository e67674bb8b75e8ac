import { closeCodes } from "../../errors/close-codes.ts";
import type { Exchange } from "./exchange.ts";

/** How a link ended. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** The client named a count of frames that cannot be, or one whose frames are not kept any more. */
export const unknownCount: Ending = {
  code: closeCodes["protocol-error"].code,
  reason: "no count of this link, or one too old",
};

/** The client closed it. */
export const left: Ending = { code: closeCodes.normal.code, reason: "" };

export const slow: Ending = { code: closeCodes.slow.code, reason: closeCodes.slow.meaning };

/** The link is closed, and there is nothing more to fetch. */
export function answerGone(exchange: Exchange, { code, reason }: Ending): void {
  exchange.answer(410, "application/json", JSON.stringify({ code, reason }));
}
