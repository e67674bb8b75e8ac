import { CarillonError, toCarillonError } from "../errors/carillon-error.ts";
import type { CodecFrame } from "../protocol/codec.ts";
import { subprotocols, type ConnectedMessage, type ConnectMessage, type ServerMessage } from "../protocol/messages.ts";
import { closeError, readError, type Ending } from "./ending.ts";
import { startHeartbeat, type Heartbeat } from "./heartbeat.ts";
import { maxTimerMs, type Settings } from "./options.ts";
import type { Wire } from "./outbox.ts";
import type { TokenSource } from "./token.ts";
import type { Link, Transport } from "./transports/transport.ts";

/** A browser has no limit of its own, so a larger frame ends the conversation before it is parsed. */
const maxFrameBytes = 4 * 1024 * 1024;

/**
 * One link to the server, from the transport's first byte to its end.
 *
 * A client that connects again has a new conversation, so nothing that an old link still brings can be mistaken.
 */
export interface Conversation extends Wire {
  /** Reads no more, and does not say so; only `leave` ends it. */
  mute(): void;
  /** Ends it without a word to the handler; resolves when what was sent has left. */
  leave(code?: number): Promise<void>;
}

/** What a conversation begins with. */
export interface Opening {
  readonly transport: Transport;
  readonly tokens: TokenSource;
  readonly settings: Settings;
  /** Asked in the moment in which it is said. */
  hello(): ConnectMessage;
}

/** Told what happens in a conversation; nothing after `ended`, nothing after `leave`, nothing before it is returned. */
export interface ConversationHandler {
  /** The server has accepted the client. */
  opened(welcome: ConnectedMessage): void;
  /** `bytes`: its part of the frame that it came in. */
  message(message: ServerMessage, bytes: number): void;
  ended(ending: Ending): void;
}

export function openConversation(
  { transport, tokens, settings, hello }: Opening,
  handler: ConversationHandler,
): Conversation {
  const { clock, codec, url } = settings;
  const opening = new AbortController();
  let link: Link | undefined;
  let heartbeat: Heartbeat | undefined;
  let told: CarillonError | undefined;
  let isOpen = false;
  let isOver = false;
  let gone: (() => void) | undefined;

  const stop = (): void => {
    isOver = true;
    deadline.cancel();
    heartbeat?.stop();
    opening.abort();
  };
  const end = (code: number, cause: CarillonError, reason: string = cause.code): void => {
    if (isOver) return;
    stop();
    // Before the handler is told, because it may open the next one. Browsers may only close with 1000 and 3000 to 4999.
    link?.close(code < 4000 ? 4400 : code, reason);
    handler.ended({ code, reason, cause });
  };
  const silent = (): void => end(4504, new CarillonError("timeout"));
  const deadline = clock.after(settings.connectTimeoutMs, silent);

  const read = (message: ServerMessage, bytes: number): void => {
    if (message.type === "error" && message.ref === undefined) {
      const error = readError(message);
      if (!isOpen || error.code === "token-expired") told = error;
    }
    if (isOpen) return handler.message(message, bytes);
    if (message.type !== "connected") return;
    isOpen = true;
    told = undefined;
    deadline.cancel();
    const deadlineMs = Math.min(2 * message.heartbeatMs, maxTimerMs);
    if (deadlineMs > 0) heartbeat = startHeartbeat(clock, deadlineMs, silent);
    handler.opened(message);
  };

  const receive = (frame: CodecFrame): void => {
    if (isOver) return;
    heartbeat?.heard();
    try {
      if (frame.length > maxFrameBytes) throw new CarillonError("payload-too-large");
      // A handler may have left meanwhile.
      const messages = codec.decode(frame);
      for (const message of messages) if (!isOver) read(message as ServerMessage, frame.length / messages.length);
    } catch (error) {
      // Fields are not checked one by one. What the application throws is caught elsewhere, so this is the server's.
      end(1002, toCarillonError(error, "bad-request"));
    }
  };

  const open = async (): Promise<void> => {
    try {
      // A provider may close the client, which must have been given this conversation by then.
      await undefined;
      const token = isOver ? undefined : await tokens.get();
      if (isOver) return;
      const opened = await transport.connect({ url, codec, signal: opening.signal });
      if (isOver) return opened.close(1000);
      link = opened;
      // A server that chose none speaks JSON. @see PROTOCOL.md, section 1
      if ((link.subprotocol || subprotocols.json) !== codec.subprotocol) {
        throw new CarillonError("not-supported");
      }
      link.receive({
        frame: receive,
        closed(code, reason) {
          link = undefined;
          gone?.();
          end(code, told ?? closeError(code, reason, isOpen ? "connection-closed" : "connect-failed"), reason);
        },
      });
      send([codec.encode({ ...hello(), token } as ConnectMessage)]);
    } catch (error) {
      const cause = toCarillonError(error, "connect-failed");
      end(cause.temporary ? 1006 : 4401, cause);
    }
  };
  const send: Wire["send"] = (frames, maxBytes) => link?.send(frames, maxBytes);
  void open();

  return {
    bufferedBytes: () => link?.bufferedBytes ?? 0,
    send,
    mute: stop,
    leave(code = 1000) {
      stop();
      return new Promise((resolve) => {
        gone = resolve;
        if (link) link.close(code);
        else resolve();
      });
    },
  };
}
