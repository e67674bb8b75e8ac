import type { Broker, BrokerEvents, Signal } from "../../src/engine/ports/broker.ts";
import type { Publication } from "../../src/engine/publication.ts";
import { CarillonError } from "../../src/errors/carillon-error.ts";

/** How a cluster is broken, to see that the contract notices. */
export interface Defects {
  readonly forgetsItself?: boolean;
  readonly reorders?: boolean;
  readonly ignoresUnsubscribe?: boolean;
  readonly ignoresSubscriptions?: boolean;
  readonly matchesPatterns?: boolean;
  readonly losesBytes?: boolean;
  readonly losesSender?: boolean;
  readonly keepsSignals?: boolean;
  readonly speaksAfterClose?: boolean;
  readonly acceptsAfterClose?: boolean;
  readonly lowersCase?: boolean;
}

interface Member {
  readonly channels: Set<string>;
  readonly events: BrokerEvents;
}

/** Several nodes in one process, that hear of each other a microtask later, as over a network. */
export class Cluster {
  readonly #members = new Set<Member>();
  readonly #defects: Defects;

  constructor(defects: Defects = {}) {
    this.#defects = defects;
  }

  node(): Broker {
    const members = this.#members;
    const defects = this.#defects;
    let member: Member | undefined;
    const check = (): void => {
      if (!member && !defects.acceptsAfterClose) throw new CarillonError("broker-unavailable");
    };
    const own = (): Member | undefined => member;
    const key = (channel: string): string => (defects.lowersCase ? channel.toLowerCase() : channel);
    const hears = ({ channels }: Member, channel: string): boolean =>
      defects.ignoresSubscriptions ||
      channels.has(key(channel)) ||
      (defects.matchesPatterns === true && [...channels].some((name) => name === "a.*" && channel.startsWith("a.")));
    return {
      async start(events) {
        members.add((member = { channels: new Set(), events }));
      },
      async subscribe(channel) {
        check();
        member?.channels.add(key(channel));
      },
      async unsubscribe(channel) {
        check();
        if (!defects.ignoresUnsubscribe) member?.channels.delete(key(channel));
      },
      async publish(publication) {
        check();
        const sent = this.copy(publication);
        await Promise.resolve();
        if (defects.reorders && Number((publication.data as { number?: number } | undefined)?.number) % 2 === 0) {
          await Promise.resolve();
        }
        for (const other of members) {
          if (defects.forgetsItself && other === own()) continue;
          if (hears(other, publication.channel)) other.events.publication(sent);
        }
        return undefined;
      },
      async signal(signal: Signal) {
        check();
        await Promise.resolve();
        for (const other of members) if (!defects.keepsSignals || other === own()) other.events.signal(signal);
      },
      async close() {
        if (member && !defects.speaksAfterClose) members.delete(member);
        if (!defects.speaksAfterClose) member = undefined;
      },
      copy(publication: Publication): Publication {
        const copied = structuredClone(publication);
        if (defects.losesBytes && copied.data instanceof Uint8Array) return { ...copied, data: [...copied.data] };
        if (!defects.losesSender) return copied;
        const { from: _, ...anonymous } = copied;
        return anonymous;
      },
    } as Broker & { copy(publication: Publication): Publication };
  }
}
