import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpAction } from "./http-rules.ts";

type BodyAction = Extract<HttpAction, { readonly kind: "cut-body" | "buffer" }>;

/** Passes an answer's body on as it comes, or as the rule wants it. */
export async function sendBody(
  response: IncomingMessage,
  answer: ServerResponse,
  action: BodyAction | undefined,
): Promise<void> {
  let left = action?.kind === "cut-body" ? action.bytes : Infinity;
  const fill = action?.kind === "buffer" ? action.bytes : 0;
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of response) {
    const bytes = (chunk as Buffer).subarray(0, left);
    left -= bytes.length;
    held.push(bytes);
    heldBytes += bytes.length;
    if (heldBytes >= fill) {
      const isTaken = answer.write(Buffer.concat(held));
      held = [];
      heldBytes = 0;
      if (!isTaken) await Promise.race([once(answer, "drain"), once(answer, "close")]);
    }
    if (left === 0) {
      // What was let through is to arrive, so no RST.
      answer.socket?.end();
      response.destroy();
      return;
    }
  }
  answer.end(Buffer.concat(held));
}
