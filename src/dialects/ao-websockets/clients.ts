import type { LiveConnection } from "../../engine/connection.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Packet } from "../../engine/ports/wire.ts";
import { CarillonError } from "../../errors/carillon-error.ts";
import { closeCodes } from "../../errors/close-codes.ts";
import { ConnectionBatches, type BatchedEvents } from "./batches.ts";
import {
  LiveAoConnection,
  type AoConnection,
  type AoFilter,
  type AoMessage,
  type ConnectionHost,
} from "./connection.ts";
import { checkExact } from "./event-names.ts";
import type { Hooks } from "./hooks.ts";
import { batchPacket, messagePacket, payloadText } from "./message.ts";
import type { AoLogger } from "./options.ts";

/** What the clients of a dialect have in common. */
export interface ClientsParts {
  readonly engine: Engine;
  readonly batchPrefix: string;
  readonly batched: BatchedEvents;
  readonly closeHooks: Hooks<AoConnection>;
  readonly logger: AoLogger | undefined;
}

/** Those who are in, on all paths that a dialect is mounted on. */
export class Clients implements ConnectionHost {
  readonly #parts: ClientsParts;
  readonly #all = new Map<LiveConnection, LiveAoConnection>();
  #isShutDown = false;

  constructor(parts: ClientsParts) {
    this.#parts = parts;
  }

  get isShutDown(): boolean {
    return this.#isShutDown;
  }

  join(connection: LiveConnection): LiveAoConnection {
    const { engine, batchPrefix } = this.#parts;
    const batches = new ConnectionBatches(engine.clock, (event, payloads) =>
      connection.wire.send(batchPacket(batchPrefix + event, payloads)),
    );
    const client = new LiveAoConnection(connection, batches, this);
    this.#all.set(connection, client);
    return client;
  }

  of(connection: LiveConnection): LiveAoConnection | undefined {
    return this.#all.get(connection);
  }

  /** It is gone; once more is harmless. */
  left(connection: LiveConnection): void {
    const client = this.#all.get(connection);
    if (!client) return;
    this.#all.delete(connection);
    client.batches.drop();
    this.#parts.closeHooks.run(client, (cause) => this.failed(client, cause));
  }

  count(filter?: AoFilter): number {
    return filter ? this.#accepted(filter).length : this.#all.size;
  }

  send(client: LiveAoConnection, message: AoMessage, isUnbatched: boolean): void {
    const { event } = message;
    const payload = checked(message);
    const intervalMs = isUnbatched ? undefined : this.#parts.batched.intervalOf(event);
    if (!this.#all.has(client.connection)) return;
    if (intervalMs === undefined) client.connection.wire.send(messagePacket(event, payload));
    else client.batches.add(event, payload, intervalMs);
  }

  publish(message: AoMessage, filter?: AoFilter): void {
    const { event } = message;
    const payload = checked(message);
    const intervalMs = this.#parts.batched.intervalOf(event);
    // One packet for all, so that their wires share its bytes.
    const packet: Packet | undefined = intervalMs === undefined ? messagePacket(event, payload) : undefined;
    for (const { connection, batches } of filter ? this.#accepted(filter) : this.#all.values()) {
      if (packet) connection.wire.send(packet);
      else if (intervalMs !== undefined) batches.add(event, payload, intervalMs);
    }
  }

  /** Lets everyone go, and takes nobody any more. */
  shutdown(): void {
    this.#isShutDown = true;
    for (const [connection, client] of [...this.#all]) {
      // While it is still among the others, so that what waits for it is sent before the end.
      client.batches.flush();
      this.left(connection);
      connection.wire.close(closeCodes["going-away"].code);
    }
  }

  /** Something of the application's has failed. */
  failed(client: LiveAoConnection, cause: unknown, event?: string): void {
    const error = new CarillonError("handler-failed", { cause });
    const named = event === undefined ? {} : { event };
    this.#parts.engine.report({ error, connection: client.connection, ...named });
    this.#parts.logger?.error({ error, connection: client.id, ...named }, "a handler failed");
  }

  /** A list of its own, because filters may do as they like, and close some of them. */
  #accepted(filter: AoFilter): readonly LiveAoConnection[] {
    const accepted = [...this.#all.values()].filter((client) => {
      try {
        return filter(client);
      } catch (cause) {
        this.failed(client, cause);
        return false;
      }
    });
    return accepted.filter(({ connection }) => this.#all.has(connection));
  }
}

/** @returns its payload as text. @throws {CarillonError} `event-name-invalid`, `payload-invalid` */
function checked({ event, payload }: AoMessage): string {
  checkExact(event);
  try {
    return payloadText(payload);
  } catch (cause) {
    throw new CarillonError("payload-invalid", { message: "the payload could not be encoded", cause });
  }
}
