/** Called with the data; `message` is everything that the server sent, such as `users` where presence changes. */
export type EchoListener = (data: unknown, message: Readonly<Record<string, unknown>>) => unknown;

/** A channel that is subscribed to. All its methods can be chained. */
export interface EchoChannel {
  readonly name: string;
  /** Calls the listener for every message with that event, once however often it is added. Presence: `presence:join`. */
  listen(event: string, listener: EchoListener): EchoChannel;
  /** Calls the listener for every whisper of that event. */
  listenForWhisper(event: string, listener: EchoListener): EchoChannel;
  /** Tells the others in the channel something. Without a connection it is dropped. */
  whisper(event: string, data?: Readonly<Record<string, unknown>>): EchoChannel;
  /** Publishes to all in the channel, this client included. Without a connection it is dropped. */
  broadcast(data: unknown, event?: string): EchoChannel;
}

/** A channel with what the connection needs of it. */
export interface HeardChannel {
  readonly channel: EchoChannel;
  read(message: Readonly<Record<string, unknown>>): void;
}

export function createEchoChannel(
  name: string,
  send: (message: object) => boolean,
  thrown: (error: unknown) => void,
): HeardChannel {
  const listeners = new Map<string, Set<EchoListener>>();
  const add = (key: string, listener: EchoListener): EchoChannel => {
    listeners.set(key, (listeners.get(key) ?? new Set()).add(listener));
    return channel;
  };
  const channel: EchoChannel = {
    name,
    listen: (event, listener) => add(`event ${event}`, listener),
    listenForWhisper: (event, listener) => add(`whisper ${event}`, listener),
    whisper(event, data) {
      send({ action: "whisper", channel: name, event, data });
      return channel;
    },
    broadcast(data, event) {
      send({ action: "broadcast", channel: name, data, event });
      return channel;
    },
  };
  return {
    channel,
    read(message) {
      const { action, event, data } = message;
      if (typeof event !== "string" || event === "") return;
      const called = listeners.get(`${action === "whisper" ? "whisper" : "event"} ${event}`) ?? [];
      for (const listener of [...called]) {
        try {
          const result = listener(data, message);
          if (result instanceof Promise) result.catch(thrown);
        } catch (error) {
          thrown(error);
        }
      }
    },
  };
}
