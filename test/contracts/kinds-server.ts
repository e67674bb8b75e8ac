import type { Server } from "../../src/index.ts";

/** How the channels of a case are those of a dialect. */
export interface ChannelWords {
  /** What the channel is called in the server. */
  readonly nameOf: (channel: string) => string;
  /** What is published instead, so that clients can tell what it is. */
  readonly dataOf?: (channel: string, event: string, data: unknown) => unknown;
}

/** A server whose channels go by other words. */
export function inWordsOf(server: Server, { nameOf, dataOf = (_, __, data) => data }: ChannelWords): Server {
  const channel = (name: string): object => {
    const real = server.channel(nameOf(name));
    const publish: typeof real.publish = (event, data, options) =>
      // A value without data is gone, in all words.
      real.publish(event, data === undefined ? data : dataOf(name, event, data), options);
    return Object.create(real, { publish: { value: publish } }) as object;
  };
  return Object.create(server, { channel: { value: channel } }) as Server;
}
