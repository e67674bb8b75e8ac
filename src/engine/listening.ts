import type { PublicationListener } from "./channel.ts";
import type { Channels } from "./channels.ts";
import { checkChannelName } from "./names.ts";

/**
 * Hears a channel's publications on the server.
 *
 * @returns the function that ends it
 * @throws {CarillonError} `channel-name-invalid`, `broker-unavailable`
 */
export async function listen(channels: Channels, name: string, listener: PublicationListener): Promise<() => void> {
  checkChannelName(name);
  const channel = channels.open(name);
  const heard: PublicationListener = (publication) => listener(publication);
  const stop = (): void => {
    channel.listeners.delete(heard);
    channels.closeIfEmpty(channel);
  };
  channel.listeners.add(heard);
  try {
    await channel.ready;
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}
