import type { Delivery } from "./delivery.ts";
import type { Encoder } from "./ports/encoder.ts";
import type { Packet, Wire } from "./ports/wire.ts";

/** Someone who can be handed packets. */
export interface Listener {
  readonly encoder: Encoder;
  readonly wire: Wire;
}

/** Told how many bytes were sent, or characters of text. */
export interface Outflow {
  spend(bytes: number): void;
}

/** A listener's place in one audience; it knows its index, so that leaving costs the same however many there are. */
export interface Seat<L extends Listener = Listener> {
  readonly connection: L;
  index: number;
}

interface Group<L extends Listener> {
  readonly encoder: Encoder;
  readonly seats: Seat<L>[];
  /** Those of the seats, in the same order: what the inner loop goes over. */
  readonly wires: Wire[];
}

/**
 * Those who hear the same things: the subscribers of a channel, or everyone.
 *
 * Kept by encoder, and delivered to group by group, because wires that are told the same packets in a row share their
 * bytes; interleaved encoders would end that.
 */
export class Audience<L extends Listener> {
  readonly #groups = new Map<Encoder, Group<L>>();
  readonly #failed: (error: unknown) => void;
  #size = 0;

  /** `failed` is told what an encoder threw; the other groups still hear the delivery. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  get size(): number {
    return this.#size;
  }

  add(seat: Seat<L>): void {
    const { encoder } = seat.connection;
    let group = this.#groups.get(encoder);
    if (!group) this.#groups.set(encoder, (group = { encoder, seats: [], wires: [] }));
    seat.index = group.seats.push(seat) - 1;
    group.wires.push(seat.connection.wire);
    this.#size += 1;
  }

  remove(seat: Seat<L>): void {
    const { encoder } = seat.connection;
    const { seats, wires } = this.#groups.get(encoder)!;
    const last = seats.pop()!;
    const lastWire = wires.pop()!;
    if (last !== seat) {
      seats[seat.index] = last;
      wires[seat.index] = lastWire;
      last.index = seat.index;
    }
    if (seats.length === 0) this.#groups.delete(encoder);
    this.#size -= 1;
  }

  /** @returns how many were handed a packet. */
  deliver(delivery: Delivery, except?: L, outflow?: Outflow): number {
    let delivered = 0;
    const left = except?.wire;
    for (const { encoder, wires } of this.#groups.values()) {
      const packet = this.#encode(encoder, delivery);
      if (!packet) continue;
      const before = delivered;
      delivered += wires.length;
      // From the end, because a wire that closes while it is sent to takes its own seat away.
      for (let index = wires.length - 1; index >= 0; index -= 1) {
        const wire = wires[index]!;
        if (wire === left) delivered -= 1;
        else wire.send(packet);
      }
      outflow?.spend((delivered - before) * lengthOf(packet));
    }
    return delivered;
  }

  /** As {@link deliver}, to those that the predicate accepts. */
  deliverWhere(delivery: Delivery, accepts: (connection: L) => boolean): number {
    let delivered = 0;
    for (const { encoder, seats } of this.#groups.values()) {
      const packet = this.#encode(encoder, delivery);
      if (!packet) continue;
      // On a copy, because the predicate is the application's and may close whom it likes.
      for (const { connection } of [...seats]) {
        if (!accepts(connection)) continue;
        connection.wire.send(packet);
        delivered += 1;
      }
    }
    return delivered;
  }

  *[Symbol.iterator](): Generator<L> {
    for (const { seats } of this.#groups.values()) for (const { connection } of seats) yield connection;
  }

  #encode(encoder: Encoder, delivery: Delivery): ReturnType<Encoder["encode"]> {
    try {
      return encoder.encode(delivery);
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }
}

function lengthOf(packet: Packet): number {
  let length = 0;
  for (const frame of packet) length += frame.length;
  return length;
}
