import { isPending, type Later } from "../../engine/later.ts";
import { harmlessly } from "../harmlessly.ts";

/** One client, as a storage keeps it. */
export interface ClientRecord {
  readonly clientId: string;
  readonly userId: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Unix time in milliseconds. */
  readonly createdAt: number;
  readonly lastSeen: number;
}

/**
 * Keeps who is connected and who is in which channel, for others to read: who gets what is the server's own knowledge.
 *
 * The calls about one client come one after another, each when the one before it is done.
 */
export interface GoWsStorage {
  saveClient(record: ClientRecord): Later<void>;
  removeClient(clientId: string): Later<void>;
  updateClientLastSeen(clientId: string, lastSeen: number): Later<void>;
  /** When it fails, the client is not subscribed, and told so. */
  addClientToChannel(channel: string, clientId: string): Later<void>;
  removeClientFromChannel(channel: string, clientId: string): Later<void>;
  /** Called every ten seconds with `staleMs`: forgets clients that a server left behind which is gone. */
  cleanupStaleClients?(staleMs: number): Later<void>;
}

/** One client's entries in a storage. */
export class StoredClient {
  readonly #storage: GoWsStorage;
  readonly #id: string;
  readonly #failed: (error: unknown) => void;
  readonly #channels = new Set<string>();
  #last: Later<void> = undefined;
  #isSeenPending = false;

  /** `failed` is told what the storage threw where nobody waits for it. */
  constructor(storage: GoWsStorage, record: ClientRecord, failed: (error: unknown) => void) {
    this.#storage = storage;
    this.#id = record.clientId;
    this.#failed = failed;
    this.#quietly(() => storage.saveClient(record));
  }

  /** The newest moment counts, so one call waits at most. */
  seen(lastSeen: () => number): void {
    if (this.#isSeenPending) return;
    this.#isSeenPending = true;
    this.#quietly(() => {
      this.#isSeenPending = false;
      return this.#storage.updateClientLastSeen(this.#id, lastSeen());
    });
  }

  /** @throws what the storage throws */
  add(channel: string): Later<void> {
    this.#channels.add(channel);
    return this.#inOrder(() => this.#storage.addClientToChannel(channel, this.#id));
  }

  /** As {@link add}, where nobody waits for it. */
  put(channel: string): void {
    this.#quietly(() => this.#storage.addClientToChannel(channel, this.#id));
    this.#channels.add(channel);
  }

  remove(channel: string): void {
    if (!this.#channels.delete(channel)) return;
    this.#quietly(() => this.#storage.removeClientFromChannel(channel, this.#id));
  }

  /** It is gone. */
  end(): void {
    for (const channel of [...this.#channels]) this.remove(channel);
    this.#quietly(() => this.#storage.removeClient(this.#id));
  }

  #quietly(call: () => Later<void>): void {
    harmlessly(() => this.#inOrder(call), this.#failed);
  }

  #inOrder(call: () => Later<void>): Later<void> {
    const last = this.#last;
    if (!isPending(last)) {
      const done = call();
      this.#follow(done);
      return done;
    }
    const done = last.then(call);
    this.#follow(done);
    return done;
  }

  #follow(done: Later<void>): void {
    if (!isPending(done)) return;
    const settled: Promise<void> = done
      .catch(() => undefined)
      .then(() => {
        if (this.#last === settled) this.#last = undefined;
      });
    this.#last = settled;
  }
}
