import type { Clock } from "../platform/clock.ts";
import type { AckMessage, ConnectedMessage, ConnectMessage, ServerMessage } from "../protocol/messages.ts";

/** What the server keeps before it is told that it has arrived: so many messages, so many bytes, and for so long. */
const maxKept = 512;
const maxKeptBytes = 262_144;
const maxKeptMs = 10_000;

/** What the client knows of its session, which may outlive a link. */
export interface Session {
  isOpen(): boolean;
  /** How the client asks for a session, or for the one it has. */
  hello(): ConnectMessage;
  /** @returns whether the session goes on */
  welcomed(welcome: ConnectedMessage): boolean;
  /** Counts a message of so many bytes; MUST be told of all that come after `connected`. */
  heard(message: ServerMessage, bytes: number): void;
  forget(): void;
}

/** @param acknowledge tells the server, over the present link */
export function createSession(clock: Pick<Clock, "now">, acknowledge: (message: AckMessage) => void): Session {
  let secret: string | undefined;
  let received = 0;
  let told = 0;
  let toldAt = clock.now();
  let bytes = 0;
  return {
    isOpen: () => secret !== undefined,
    hello() {
      told = received;
      bytes = 0;
      return secret === undefined ? { type: "connect", resume: true } : { type: "connect", session: secret, received };
    },
    welcomed({ session, resumed }) {
      const isResumed = secret !== undefined && resumed === true;
      secret = session;
      if (!isResumed) received = told = 0;
      return isResumed;
    },
    heard({ type }, more) {
      if (secret === undefined) return;
      if (!["connected", "ack", "heartbeat", "pong"].includes(type)) received += 1;
      bytes += more;
      const kept = received - told;
      const isDue =
        type === "heartbeat" || kept >= maxKept || bytes >= maxKeptBytes || clock.now() - toldAt >= maxKeptMs;
      if (kept === 0 || !isDue) return;
      told = received;
      toldAt = clock.now();
      bytes = 0;
      acknowledge({ type: "ack", received });
    },
    forget() {
      secret = undefined;
    },
  };
}
