import type { AckMessage, ConnectedMessage, ConnectMessage, ServerMessage } from "../protocol/messages.ts";

/** So many messages the server keeps before it is told that they have arrived. */
const acknowledgeEvery = 128;

/** What the client knows of its session, which may outlive a link. */
export interface Session {
  isOpen(): boolean;
  /** How the client asks for a session, or for the one it has. */
  hello(): ConnectMessage;
  /** @returns whether the session goes on */
  welcomed(welcome: ConnectedMessage): boolean;
  /** Counts a message; MUST be told of all that come after `connected`. */
  heard(message: ServerMessage): void;
  forget(): void;
}

/** @param acknowledge tells the server, over the present link */
export function createSession(acknowledge: (message: AckMessage) => void): Session {
  let secret: string | undefined;
  let received = 0;
  let told = 0;
  return {
    isOpen: () => secret !== undefined,
    hello() {
      told = received;
      return secret === undefined ? { type: "connect", resume: true } : { type: "connect", session: secret, received };
    },
    welcomed({ session, resumed }) {
      const isResumed = secret !== undefined && resumed === true;
      secret = session;
      if (!isResumed) received = told = 0;
      return isResumed;
    },
    heard({ type }) {
      if (secret === undefined) return;
      if (!["connected", "ack", "heartbeat", "pong"].includes(type)) received += 1;
      if (received - told < (type === "heartbeat" ? 1 : acknowledgeEvery)) return;
      told = received;
      acknowledge({ type: "ack", received });
    },
    forget() {
      secret = undefined;
    },
  };
}
