import type { Conduct } from "../checks/conduct.ts";
import type { PipeTap } from "./pipe.ts";
import type { Trace } from "./trace.ts";

/** Writes down what passes, and looks for the words that put a session on a wire. */
export function wireTap(trace: Trace, conduct: Conduct): PipeTap {
  return {
    closes(pipe, code) {
      trace.add(pipe.name, `closed by the server ${code}`);
      conduct.closes(pipe.name, code);
    },
    event: (pipe, what) => trace.add(pipe.name, what),
    toClient: (pipe, frame) => trace.add(pipe.name, `> ${String(frame).slice(0, 160)}`),
    toServer: (pipe, frame) => trace.add(pipe.name, `< ${String(frame).slice(0, 160)}`),
    told(pipe, frame) {
      conduct.sent(frame.length);
      if (typeof frame !== "string" || !frame.startsWith('{"type":"connected"')) return;
      const { session } = JSON.parse(frame) as { readonly session?: string };
      if (session !== undefined) conduct.attached(session, pipe);
    },
  };
}
