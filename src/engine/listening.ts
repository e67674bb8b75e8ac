import { CarillonError } from "../errors/carillon-error.ts";
import type { Handlers } from "../events/handlers.ts";
import type { PublicationListener } from "./channel.ts";
import type { Channels } from "./channels.ts";
import type { Failures } from "./failures.ts";
import { checkChannelName } from "./names.ts";
import type { Publication } from "./publication.ts";

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

/** Tells listeners of a publication; what one throws or rejects with is reported, and harms no other. */
export function notify(listeners: Iterable<PublicationListener>, publication: Publication, failures: Failures): void {
  const failed = (cause: unknown): void => {
    const { channel, event } = publication;
    failures.report({ error: new CarillonError("handler-failed", { cause }), channel, event });
  };
  for (const listener of listeners) {
    try {
      const result = listener(publication);
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}

/** As {@link notify}, of the same in several channels: whoever listens to more than one of them hears it once. */
export function notifyOnce(
  listeners: Handlers<PublicationListener>,
  publications: readonly Publication[],
  failures: Failures,
): void {
  const told = new Set<PublicationListener>();
  for (const publication of publications) {
    const others = listeners.find(publication.channel).filter((listener) => !told.has(listener));
    notify(others, publication, failures);
    for (const listener of others) told.add(listener);
  }
}
