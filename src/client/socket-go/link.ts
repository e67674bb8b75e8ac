import type { Link, Transport } from "../transports/transport.ts";

/** A way to reach a socket.go server; any {@link Transport} is one. */
export interface SocketGoTransport extends Transport {
  connect(...request: Parameters<Transport["connect"]>): Promise<SocketGoLink>;
}

/** A link that may know more than others. */
export interface SocketGoLink extends Link {
  /** The client's id, where the transport is told it. */
  readonly id?: string;
  /** What it sends has a deadline of its own, instead of `writeTimeoutMs`. */
  readonly isSelfTimed?: boolean;
  /** Calls back for every sign of life that is no frame, such as a ping. A silent link is given up only if it has this. */
  onLife?(heard: () => void): void;
}
