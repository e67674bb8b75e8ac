import type { Conduct } from "../checks/conduct.ts";
import type { PipeTap } from "./pipe.ts";
import type { Trace } from "./trace.ts";

/** What of a message the checks look at. */
interface Told {
  readonly type: string;
  readonly session?: string;
  readonly channel?: string;
  readonly position?: string;
}

const told = /^\{"type":"(connected|subscribed|gap|publication)"/;

/** Writes down what passes, and looks for the words that put a session on a wire, and for publications that come again. */
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
      if (typeof frame !== "string" || !told.test(frame)) return;
      const { type, session, channel, position } = JSON.parse(frame) as Told;
      if (type === "connected" && session !== undefined) conduct.attached(session, pipe);
      if (type === "subscribed" || type === "gap") conduct.begins(pipe.name, channel!);
      if (type === "publication" && position !== undefined) conduct.publishes(pipe.name, channel!, position);
    },
  };
}
