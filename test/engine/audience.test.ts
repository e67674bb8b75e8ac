import fc from "../properties.ts";
import { describe, expect, it } from "vitest";
import { Audience, type Listener, type Seat } from "../../src/engine/audience.ts";
import type { Delivery } from "../../src/engine/delivery.ts";
import type { Encoder } from "../../src/engine/ports/encoder.ts";
import { FakeWire } from "../../src/testing/fake-wire.ts";
import { lineOf } from "./support.ts";

interface Guest extends Listener {
  readonly wire: FakeWire;
}

const news: Delivery = { kind: "event", event: "news", data: 1 };

function encoder(prefix: string): Encoder & { count: number } {
  const made = {
    count: 0,
    encode(delivery: Delivery) {
      made.count += 1;
      return [`${prefix} ${lineOf(delivery)}`];
    },
  };
  return made;
}

const broken: Encoder = {
  encode() {
    throw new Error("no words");
  },
};
const mute: Encoder = { encode: () => undefined };

function seat(using: Encoder): Seat<Guest> {
  return { connection: { encoder: using, wire: new FakeWire() }, index: -1 };
}

function audience(failures: unknown[] = []): Audience<Guest> {
  return new Audience((error) => failures.push(error));
}

const heard = ({ connection }: Seat<Guest>): readonly unknown[] => connection.wire.takeFrames();

describe("Audience", () => {
  it("encodes once for all listeners of one encoder, and hands them one and the same packet", () => {
    const everyone = audience();
    const [json, text] = [encoder("json"), encoder("text")];
    const seats = [json, text, json, text, json].map(seat);
    for (const each of seats) everyone.add(each);
    expect(everyone.deliver(news)).toBe(5);
    expect([json.count, text.count]).toEqual([1, 1]);
    expect(new Set(seats.map(({ connection }) => connection.wire.packets[0])).size).toBe(2);
    expect(seats.map(heard)).toEqual(["json", "text", "json", "text", "json"].map((prefix) => [`${prefix} ! news 1`]));
  });

  it("does not encode for nobody", () => {
    const json = encoder("json");
    const everyone = audience();
    const only = seat(json);
    everyone.add(only);
    everyone.remove(only);
    expect(everyone.deliver(news)).toBe(0);
    expect(everyone.deliverWhere(news, () => true)).toBe(0);
    expect(json.count).toBe(0);
  });

  it("delivers group by group, so that wires with the same bytes come in a row", () => {
    const order: string[] = [];
    const everyone = audience();
    for (const name of ["json", "text", "json", "text"]) {
      const using = name === "json" ? json : text;
      const guest = seat(using);
      guest.connection.wire.send = () => void order.push(name);
      everyone.add(guest);
    }
    everyone.deliver(news);
    expect(order).toEqual(["json", "json", "text", "text"]);
  });

  it("leaves out the one that is excepted, and does not count it", () => {
    const everyone = audience();
    const seats = [seat(json), seat(json), seat(text)];
    for (const each of seats) everyone.add(each);
    expect(everyone.deliver(news, seats[1]!.connection)).toBe(2);
    expect(seats.map((each) => heard(each).length)).toEqual([1, 0, 1]);
  });

  it("delivers to those that a predicate accepts, each asked once", () => {
    const everyone = audience();
    const seats = [seat(json), seat(text), seat(json)];
    for (const each of seats) everyone.add(each);
    const asked: Guest[] = [];
    const accepts = (guest: Guest): boolean => asked.push(guest) > 0 && guest !== seats[0]!.connection;
    expect(everyone.deliverWhere(news, accepts)).toBe(2);
    expect(new Set(asked).size).toBe(3);
    expect(asked).toHaveLength(3);
    expect(seats.map((each) => heard(each).length)).toEqual([0, 1, 1]);
  });

  it("an encoder that throws harms its own group only", () => {
    const failures: unknown[] = [];
    const everyone = audience(failures);
    const seats = [seat(json), seat(broken), seat(broken), seat(text)];
    for (const each of seats) everyone.add(each);
    expect(everyone.deliver(news)).toBe(2);
    expect(everyone.deliverWhere(news, () => true)).toBe(2);
    expect(seats.map((each) => heard(each).length)).toEqual([2, 0, 0, 2]);
    expect(failures.map(String)).toEqual(["Error: no words", "Error: no words"]);
  });

  it("an encoder without a word for it leaves its group out, and that is no failure", () => {
    const failures: unknown[] = [];
    const everyone = audience(failures);
    const seats = [seat(mute), seat(json)];
    for (const each of seats) everyone.add(each);
    expect(everyone.deliver(news)).toBe(1);
    expect(seats.map((each) => heard(each).length)).toEqual([0, 1]);
    expect(failures).toEqual([]);
  });

  it("removing fills the gap with the last one, and every seat keeps knowing its place", () => {
    const everyone = audience();
    const seats = Array.from({ length: 5 }, () => seat(json));
    for (const each of seats) everyone.add(each);
    expect(seats.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
    everyone.remove(seats[1]!);
    expect(seats[4]!.index).toBe(1);
    everyone.remove(seats[3]!);
    everyone.remove(seats[4]!);
    expect([...everyone]).toEqual([seats[0]!.connection, seats[2]!.connection]);
    expect(everyone.size).toBe(2);
  });

  it("hears everyone, although a listener is taken away while it is told", () => {
    const everyone = audience();
    const seats = Array.from({ length: 6 }, () => seat(json));
    for (const each of seats) everyone.add(each);
    for (const leaving of [seats[5]!, seats[2]!, seats[0]!]) {
      const { wire } = leaving.connection;
      const send = wire.send.bind(wire);
      wire.send = (packet) => {
        send(packet);
        everyone.remove(leaving);
      };
    }
    expect(everyone.deliver(news)).toBe(6);
    expect(seats.map((each) => heard(each).length)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(everyone.size).toBe(3);
  });

  it("a predicate may take anyone away", () => {
    const everyone = audience();
    const seats = Array.from({ length: 4 }, () => seat(json));
    for (const each of seats) everyone.add(each);
    everyone.deliverWhere(news, () => {
      for (const each of seats) if (each.index >= 0) everyone.remove(each);
      for (const each of seats) each.index = -1;
      return true;
    });
    expect(everyone.size).toBe(0);
  });

  it("a predicate that takes one away makes nobody else miss it", () => {
    const everyone = audience();
    const seats = Array.from({ length: 4 }, () => seat(json));
    for (const each of seats) everyone.add(each);
    everyone.deliverWhere(news, (guest) => {
      if (guest === seats[1]!.connection) everyone.remove(seats[0]!);
      return true;
    });
    expect(seats.map((each) => heard(each).length)).toEqual([1, 1, 1, 1]);
  });

  it("leaving 100,000 others costs what leaving 1,000 does", () => {
    const timeOfLeaving = (count: number): number => {
      const everyone = audience();
      const seats = Array.from({ length: count }, () => seat(json));
      for (const each of seats) everyone.add(each);
      const leaving = seats.filter((_, index) => index % Math.floor(count / 1_000) === 0).slice(0, 1_000);
      const start = performance.now();
      for (const each of leaving) everyone.remove(each);
      return performance.now() - start;
    };
    const best = (count: number): number => Math.min(...Array.from({ length: 5 }, () => timeOfLeaving(count)));
    best(1_000);
    // A search through the list would cost a hundred times as much; 2 ms are for what is too fast to measure.
    expect(best(100_000)).toBeLessThan(20 * best(1_000) + 2);
  });

  it("is, for any coming and going, a set", () => {
    const step = fc.record({ leave: fc.boolean(), which: fc.nat(), group: fc.nat({ max: 2 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const everyone = audience();
        const there: Seat<Guest>[] = [];
        for (const { leave, which, group } of steps) {
          if (leave && there.length > 0) everyone.remove(there.splice(which % there.length, 1)[0]!);
          else {
            const added = seat([json, text, mute][group]!);
            there.push(added);
            everyone.add(added);
          }
        }
        expect(everyone.size).toBe(there.length);
        expect(new Set(everyone)).toEqual(new Set(there.map(({ connection }) => connection)));
        expect(everyone.deliver(news)).toBe(there.filter(({ connection }) => connection.encoder !== mute).length);
      }),
    );
  });
});

const json = encoder("json");
const text = encoder("text");
