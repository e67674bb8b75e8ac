/** One unit on a wire: text, or bytes. */
export type Frame = string | Uint8Array;

/**
 * The frames that one delivery becomes, written back to back.
 *
 * Its identity is the key by which a transport prepares the bytes once, so a packet that many clients get MUST be one
 * object, and is never changed.
 */
export type Packet = readonly Frame[];

/**
 * An open pipe to one client.
 *
 * - `send` MUST keep order, MUST NOT throw, and after `close` MUST do nothing.
 * - `close` MUST deliver what was sent before it, if the client reads, and MUST end the pipe within seconds if it does not.
 * - After `close` or `destroy` nothing MUST be received any more, and the handler's `closed` MUST be called exactly once.
 * - `send` MUST NOT call the handler: what it leads to comes later.
 */
export interface Wire {
  readonly transport: "websocket" | "sse" | "long-polling" | "in-process";
  /** Bytes that were sent and have not left this process. */
  readonly bufferedBytes: number;
  /** Clock time of the last moment that something was written. */
  readonly lastWriteAt: number;
  /** This side has closed or destroyed it, whether its client has still to answer or was gone before. */
  readonly isEnded?: boolean;
  /** It was closed because its client took too little; for wires whose code does not say so. */
  readonly wasSlow?: boolean;
  /** This side has closed it, and its client did not answer in time; for wires that can tell. */
  readonly wasCut?: boolean;
  /** With more packets waiting than this it is closed as slow. Absent: bytes alone are counted. */
  readonly maxWaitingPackets?: number | undefined;
  send(packet: Packet): void;
  /** Calls `run` once, in a later turn, when little of what was sent before still waits. Never after the end. */
  whenDrained(run: () => void): void;
  /** Stops reading; at most what was read already is still received. */
  pause(): void;
  resume(): void;
  /** Without a code: an empty close, where the transport knows such a thing. */
  close(code?: number, reason?: string): void;
  /** Ends it at once; what was not written is lost. */
  destroy(): void;
}

/** What a wire reports to its owner. Implementations MUST NOT throw. */
export interface WireHandler {
  receive(frame: Frame): void;
  closed(code: number, reason: string): void;
  /** The peer has answered a ping. */
  ponged?(): void;
}
