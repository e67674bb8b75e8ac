import { CarillonError } from "../errors/carillon-error.ts";
import type { Broker, BrokerEvents } from "../engine/ports/broker.ts";

/** The broker of a single node: everything happens at once, in this process. */
export function memoryBroker(): Broker {
  const channels = new Set<string>();
  let events: BrokerEvents | undefined;

  function started(): BrokerEvents {
    if (events) return events;
    throw new CarillonError("broker-unavailable", { message: "the memory broker is not started, or it is closed" });
  }

  return {
    start(listener) {
      events = listener;
      return Promise.resolve();
    },
    subscribe(channel) {
      started();
      channels.add(channel);
    },
    unsubscribe(channel) {
      started();
      channels.delete(channel);
    },
    publish(publication) {
      const node = started();
      if (channels.has(publication.channel)) node.publication(publication);
      return undefined;
    },
    signal(signal) {
      started().signal(signal);
    },
    close() {
      events = undefined;
      channels.clear();
      return Promise.resolve();
    },
  };
}
