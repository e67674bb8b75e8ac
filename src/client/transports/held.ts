import type { LinkHandler } from "./transport.ts";

type Call = (handler: LinkHandler) => void;

/** Keeps what arrives at a link until somebody receives it. */
export interface Held {
  arrived(call: Call): void;
  receive(handler: LinkHandler): void;
}

export function createHeld(): Held {
  const calls: Call[] = [];
  let receiver: LinkHandler | undefined;
  return {
    arrived(call) {
      if (receiver) call(receiver);
      else calls.push(call);
    },
    receive(handler) {
      receiver = handler;
      for (const call of calls.splice(0)) call(handler);
    },
  };
}
