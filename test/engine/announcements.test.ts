import { describe, expect, it } from "vitest";
import { Announcements, type Present } from "../../src/engine/announcements.ts";
import type { Member, PresenceKind } from "../../src/engine/presence.ts";
import type { Announcement } from "../../src/engine/settling.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import fc from "../properties.ts";

/** A connection of the user that its id begins with. */
class One implements Present {
  readonly id: string;
  info: number | undefined;

  constructor(id: string) {
    this.id = id;
  }

  get member(): Member {
    const user = this.id[0]!;
    return this.info === undefined ? { user } : { user, info: this.info };
  }
}

function keyOf({ user, id }: Member): string {
  return id ?? user;
}

/** As an encoder does that shows members. */
function isShown(announcement: Announcement): boolean {
  return (
    announcement.member.id !== undefined || (announcement.kind === "join" ? announcement.isFirst : announcement.isLast)
  );
}

/** A channel that announces so many changes at once, and what its subscribers heard and know. */
class Scene {
  readonly clock = new ManualClock();
  readonly announcements: Announcements<One>;
  /** What was told, shown or not, with those left out. */
  told: string[] = [];
  readonly known = new Map<One, Map<string, Member>>();
  readonly #ones = new Map<string, One>();
  whenTold: (to: One, announcement: Announcement) => void = () => undefined;

  constructor(changesPerSecond: number, kind: PresenceKind = "users") {
    const tell = (announcement: Announcement, except: ReadonlySet<One>): void => {
      const { member, connection } = announcement;
      const info = member.info === undefined ? "" : `=${JSON.stringify(member.info)}`;
      const without = except.size > 0 ? ` not to ${Array.from(except, ({ id }) => id).join()}` : "";
      this.told.push(`${announcement.kind === "join" ? "+" : "-"}${connection}${info}${without}`);
      for (const one of [...this.known.keys()]) if (!except.has(one)) this.#hear(one, announcement);
    };
    this.announcements = new Announcements({ kind, clock: this.clock, changesPerSecond, tell });
  }

  one(id: string): One {
    let one = this.#ones.get(id);
    if (!one) this.#ones.set(id, (one = new One(id)));
    return one;
  }

  enter(id: string, info?: number): readonly string[] {
    const one = this.one(id);
    one.info = info;
    this.announcements.enter(one);
    const list = this.announcements.listFor(one);
    this.known.set(one, new Map(list.map((member) => [keyOf(member), member])));
    expect(this.known.get(one)!.size).toBe(list.length);
    return list.map(keyOf);
  }

  leave(id: string): void {
    const one = this.one(id);
    this.known.delete(one);
    this.announcements.leave(one, false);
    if (this.known.size === 0) this.announcements.end();
  }

  /** What was told since the last time. */
  heard(): readonly string[] {
    return this.told.splice(0);
  }

  #hear(one: One, announcement: Announcement): void {
    const known = this.known.get(one);
    if (!known) return;
    const { kind, member } = announcement;
    if (isShown(announcement)) {
      expect(known.has(keyOf(member)), `${one.id} hears a ${kind} of ${keyOf(member)}`).toBe(kind === "leave");
      if (kind === "join") known.set(keyOf(member), member);
      else known.delete(keyOf(member));
    }
    this.whenTold(one, announcement);
  }
}

describe("Announcements", () => {
  it("tells each change at once, up to the limit, and gathers the next one for a second", () => {
    const scene = new Scene(3);
    for (const id of ["a1", "b1", "c1"]) scene.enter(id);
    expect(scene.heard()).toEqual(["+a1 not to a1", "+b1 not to b1", "+c1 not to c1"]);
    expect(scene.clock.timers).toBe(0);
    scene.leave("a1");
    expect([scene.heard(), scene.clock.timers]).toEqual([[], 1]);
    scene.clock.advance(999);
    expect(scene.heard()).toEqual([]);
    scene.clock.advance(1);
    expect([scene.heard(), scene.clock.timers]).toEqual([["-a1"], 0]);
  });

  it("tells at once again when nothing is gathered and there is room", () => {
    const scene = new Scene(2);
    for (const id of ["a1", "b1", "c1"]) scene.enter(id);
    scene.clock.advance(1_000);
    scene.heard();
    // Of the two of this second, what was gathered has taken one.
    scene.leave("a1");
    scene.leave("b1");
    expect(scene.heard()).toEqual(["-a1"]);
    scene.clock.advance(1_000);
    expect(scene.heard()).toEqual(["-b1"]);
  });

  it("gathers what follows something gathered, so that nothing overtakes it, though there is room", () => {
    const scene = new Scene(2);
    for (const id of ["a1", "b1", "c1"]) scene.enter(id);
    scene.clock.advance(999);
    scene.heard();
    scene.leave("a1");
    expect(scene.heard()).toEqual([]);
    scene.clock.advance(1);
    expect(scene.heard()).toEqual(["+c1 not to c1", "-a1"]);
  });

  it("tells nothing of who left and came back, nor of who came and left, and keeps no timer for it", () => {
    const scene = new Scene(2);
    for (const id of ["z1", "a1"]) scene.enter(id);
    scene.heard();
    scene.leave("a1");
    scene.enter("b1");
    scene.enter("a1");
    expect(scene.clock.timers).toBe(1);
    scene.leave("b1");
    expect(scene.clock.timers).toBe(0);
    scene.clock.advance(5_000);
    expect(scene.heard()).toEqual([]);
    expect(scene.announcements.members()).toEqual([{ user: "z" }, { user: "a" }]);
  });

  it("tells as few of a hundred members who flap as have moved in the end", () => {
    const scene = new Scene(10);
    scene.enter("z1");
    const ids = Array.from({ length: 100 }, (_, n) => String.fromCodePoint(0x4e00 + n));
    for (let second = 0; second < 5; second += 1) {
      for (let turn = 0; turn < 9; turn += 1) {
        for (const id of ids)
          if (turn % 2 === 0) scene.enter(id);
          else scene.leave(id);
        scene.clock.advance(100);
      }
      // At once, as long as there was room, and at the end who came.
      expect(scene.heard().length).toBeLessThanOrEqual(10 + 10 + 100);
      for (const id of ids) scene.leave(id);
      scene.clock.advance(1_100);
      expect(scene.heard().length).toBeLessThanOrEqual(10 + 10 + 100);
      expect([...scene.known.get(scene.one("z1"))!.keys()]).toEqual(["z"]);
    }
  });

  it("lists for who enters what was announced and itself, and tells its join to everybody else", () => {
    const scene = new Scene(2);
    scene.enter("a1");
    scene.enter("b1");
    scene.heard();
    expect(scene.enter("c1")).toEqual(["a", "b", "c"]);
    expect(scene.enter("d1")).toEqual(["a", "b", "d"]);
    scene.leave("a1");
    expect(scene.enter("c2")).toEqual(["a", "b", "c"]);
    expect(scene.announcements.members().map(keyOf)).toEqual(["b", "c", "d"]);
    scene.clock.advance(1_000);
    expect(scene.heard()).toEqual(["+c1 not to c1,c2", "+c2 not to c2", "+d1 not to d1", "-a1"]);
    for (const known of scene.known.values()) expect([...known.keys()].toSorted()).toEqual(["b", "c", "d"]);
  });

  it("shows a dialect connections as announced, and the server who is there", () => {
    const scene = new Scene(1);
    scene.enter("a1");
    scene.enter("b1");
    scene.leave("a1");
    expect(scene.announcements.members("connections").map(keyOf)).toEqual(["a1"]);
    expect(scene.announcements.members()).toEqual([{ user: "b" }]);
    scene.clock.advance(1_000);
    expect(scene.announcements.members("connections").map(keyOf)).toEqual(["b1"]);
  });

  it.each([
    { of: "with another of its connections", left: "a1", back: "a2", info: 1, told: ["+a2=1 not to a2", "-a1=1"] },
    { of: "with another one and other info", left: "a1", back: "a2", info: 2, told: ["-a1=1", "+a2=2"] },
    { of: "with other info", left: "a1", back: "a1", info: 2, told: ["-a1=1", "+a1=2"] },
  ])("a user that left and came back $of is told in order", ({ left, back, info, told }) => {
    const scene = new Scene(2);
    scene.enter("z1");
    scene.enter("a1", 1);
    scene.heard();
    scene.leave(left);
    expect(scene.enter(back, info)).toEqual(["z", "a"]);
    scene.clock.advance(1_000);
    expect(scene.heard()).toEqual(told);
    for (const known of scene.known.values()) expect(known.get("a")).toEqual({ user: "a", info });
  });

  it("does not tell a user's other connection that the user comes, when its list said so already", () => {
    const scene = new Scene(1, "users");
    scene.enter("z1");
    scene.enter("a1");
    scene.announcements.disappear(scene.one("a1"));
    scene.enter("a2");
    scene.enter("a3");
    scene.leave("a3");
    scene.clock.advance(1_000);
    expect(scene.heard()).toEqual(["+z1 not to z1", "+a2 not to a1,a2"]);
    scene.announcements.appear(scene.one("a1"));
    expect(scene.heard()).toEqual([]);
    scene.clock.advance(1_000);
    expect(scene.heard()).toEqual(["+a1"]);
  });

  it("tells who was away and is back of its own leave and join", () => {
    const scene = new Scene(2, "connections");
    scene.enter("a1");
    scene.announcements.disappear(scene.one("a1"));
    expect(scene.heard()).toEqual(["+a1 not to a1", "-a1"]);
    scene.announcements.appear(scene.one("a1"));
    scene.clock.advance(1_000);
    expect(scene.heard()).toEqual(["+a1"]);
  });

  it("who leaves in silence is told to nobody, gathered or not", () => {
    const scene = new Scene(2);
    for (const id of ["a1", "b1", "c1"]) scene.enter(id);
    scene.heard();
    for (const id of ["b1", "c1"]) scene.announcements.leave(scene.one(id), true);
    expect([scene.clock.timers, scene.announcements.members()]).toEqual([0, [{ user: "a" }]]);
  });

  it("keeps nothing and waits for nothing when nobody is left", () => {
    const scene = new Scene(1);
    for (const id of ["a1", "b1"]) scene.enter(id);
    scene.heard();
    for (const id of ["b1", "a1"]) scene.leave(id);
    expect([scene.clock.timers, scene.heard()]).toEqual([0, []]);
    scene.clock.advance(1_000);
    expect(scene.enter("a1")).toEqual(["a"]);
    expect(scene.heard()).toEqual(["+a1 not to a1"]);
  });

  it("tells at once, and after what it was told, of who ends while it is told", () => {
    const scene = new Scene(10);
    for (const id of ["z1", "a1", "b1"]) scene.enter(id);
    scene.heard();
    const heard: string[] = [];
    scene.whenTold = (to, { kind, connection }) => {
      heard.push(`${to.id} ${kind} ${connection}`);
      if (to.id === "z1" && connection === "c1") scene.leave("a1");
    };
    scene.enter("c1");
    expect(heard).toEqual(["z1 join c1", "b1 join c1", "z1 leave a1", "b1 leave a1"]);
    expect(scene.clock.timers).toBe(0);
  });

  it("does not tell of a join when its client ends while the one before it is told", () => {
    const scene = new Scene(1);
    scene.enter("z1");
    for (const id of ["a1", "b1", "c1"]) scene.enter(id);
    scene.heard();
    scene.whenTold = (to, { connection }) => {
      if (to.id === "z1" && connection === "a1") scene.leave("b1");
    };
    scene.clock.advance(1_000);
    expect(scene.heard()).toEqual(["+a1 not to a1", "+c1 not to c1"]);
    expect(scene.clock.timers).toBe(0);
  });

  it.each(["users", "connections"] as const)(
    "with any coming and going of %s, everybody hears joins and leaves in turns, and knows in the end who is there",
    (kind) => {
      const id = fc.constantFrom("a1", "a2", "a3", "b1", "b2", "c1");
      const step = fc.oneof(
        {
          weight: 4,
          arbitrary: fc.record({ what: fc.constant("enter" as const), id, info: fc.constantFrom(1, 1, 2) }),
        },
        { weight: 3, arbitrary: fc.record({ what: fc.constantFrom("leave" as const, "break" as const), id }) },
        { weight: 2, arbitrary: fc.record({ what: fc.constantFrom("away" as const, "back" as const), id }) },
        {
          weight: 1,
          arbitrary: fc.record({ what: fc.constant("wait" as const), ms: fc.constantFrom(1, 300, 700, 1_000) }),
        },
      );
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 80, size: "max" }), (limit, steps) => {
          const scene = new Scene(limit, kind);
          const away = new Set<string>();
          const breaking = new Set<string>();
          const gone = (one: string): void => {
            away.delete(one);
            breaking.delete(one);
            scene.leave(one);
          };
          scene.whenTold = (to) => {
            if (breaking.has(to.id)) gone(to.id);
          };
          for (const taken of steps) {
            if (taken.what === "wait") {
              scene.clock.advance(taken.ms);
              continue;
            }
            const one = scene.one(taken.id);
            const isIn = scene.known.has(one);
            if (taken.what === "enter" && !isIn) scene.enter(taken.id, taken.info);
            if (taken.what === "leave" && isIn) gone(taken.id);
            if (taken.what === "break" && isIn) breaking.add(taken.id);
            if (taken.what === "away" && isIn && !away.has(taken.id)) {
              away.add(taken.id);
              scene.announcements.disappear(one);
            }
            if (taken.what === "back" && away.delete(taken.id)) scene.announcements.appear(one);
          }
          breaking.clear();
          scene.clock.advance(1_000);
          expect(scene.clock.timers).toBe(0);
          const there = [...scene.known.keys()].filter((one) => !away.has(one.id));
          const places = there.map((one) => (kind === "users" ? one.member.user : one.id));
          const members = scene.announcements.members();
          expect(members.map(keyOf).toSorted()).toEqual([...new Set(places)].toSorted());
          for (const one of there) {
            const known = [...scene.known.get(one)!.values()].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
            expect(known.map(keyOf)).toEqual(members.map(keyOf).toSorted());
            // Of itself it knows what it brought.
            for (const member of known) if (member.user !== one.member.user) expect(members).toContainEqual(member);
          }
        }),
        { numRuns: 500 },
      );
    },
  );
});
