import type { GoWsClient } from "./client.ts";

/** What is known of an error of go-ws. */
export interface GoWsErrorFacts {
  /** Absent when it was refused before it was one. */
  readonly client?: GoWsClient | undefined;
  readonly channel?: string | undefined;
  readonly cause?: unknown;
}

abstract class ChannelError extends Error {
  readonly client: GoWsClient | undefined;
  readonly channel: string | undefined;

  constructor(message: string, { client, channel, cause }: GoWsErrorFacts = {}) {
    super(message, { cause });
    this.client = client;
    this.channel = channel;
  }
}

/** A client wanted into a channel and may not. */
export class AuthError extends ChannelError {
  override readonly name = "AuthError";
}

/** A client said more than it may, or middleware answered its upgrade with 429. */
export class RateLimitError extends Error {
  override readonly name = "RateLimitError";
  readonly client: GoWsClient | undefined;

  constructor(message: string, { client, cause }: GoWsErrorFacts = {}) {
    super(message, { cause });
    this.client = client;
  }
}

/** An upgrade was refused or failed. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  /** What it was answered with. */
  readonly status: number;

  constructor(message: string, status: number, cause?: unknown) {
    super(message, { cause });
    this.status = status;
  }
}

/** A whisper that makes no sense, or is not allowed. */
export class WhisperError extends ChannelError {
  override readonly name = "WhisperError";
}

/** What `errorHandler` is told. */
export type GoWsError = AuthError | RateLimitError | ConnectionError | WhisperError;
