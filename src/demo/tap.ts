import type { CodecFrame, Link, Transport } from "../client/index.ts";

/** Sees what goes over the links of a transport. */
export interface Tap {
  opened(link: Link): void;
  sent(frame: CodecFrame): void;
  received(frame: CodecFrame): void;
}

/** A transport that does what another one does, and lets somebody watch. */
export function tapped(transport: Transport, tap: Tap): Transport {
  return {
    ...transport,
    async connect(request) {
      const link = tapLink(await transport.connect(request), tap);
      tap.opened(link);
      return link;
    },
  };
}

function tapLink(link: Link, tap: Tap): Link {
  return {
    subprotocol: link.subprotocol,
    get bufferedBytes() {
      return link.bufferedBytes;
    },
    send(frames, maxBytes) {
      for (const frame of frames) tap.sent(frame);
      link.send(frames, maxBytes);
    },
    receive(handler) {
      link.receive({
        frame(frame) {
          tap.received(frame);
          handler.frame(frame);
        },
        closed: (code, reason) => handler.closed(code, reason),
      });
    },
    close: (code, reason) => link.close(code, reason),
  };
}
