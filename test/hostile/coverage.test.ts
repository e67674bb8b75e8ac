import { describe, expect, test } from "vitest";
import { groups, rowOf, rowsOf } from "./catalogue.ts";
import { elsewhere, otherwise, outOfScope } from "./scope.ts";
import { read, triedHere } from "./tried.ts";

const all = Object.keys(groups).flatMap(rowsOf);

const here = triedHere();

describe("the catalogue of hostile inputs", () => {
  test.each(Object.keys(groups))("each row of %s is tried, here or elsewhere, or its reason is given", (group) => {
    const ways = (id: string): number => Number(here.has(id)) + Number(id in elsewhere) + Number(id in outOfScope);
    expect(rowsOf(group).filter((id) => ways(id) !== 1)).toEqual([]);
  });

  test("knows every row that is tried or talked about", () => {
    const spoken = [...here, ...[elsewhere, otherwise, outOfScope].flatMap((rows) => Object.keys(rows))];
    expect(spoken.filter((id) => !all.includes(id))).toEqual([]);
  });

  const placed = [elsewhere, otherwise].flatMap((rows) => Object.entries(rows));
  test.each(placed.flatMap(([id, places]) => places.map((place) => ({ id, ...place }))))(
    "$file has the test of $id",
    ({ file, title }) => expect(read(file)).toContain(title),
  );

  test.each(Object.entries(outOfScope))("%s is left out for a reason", (_, reason) => {
    expect(reason.length).toBeGreaterThan(20);
  });

  test("a test's name says its row", () => {
    expect(rowOf("H01: no key")).toBe("H01");
    expect(rowOf("LP26: HTTP/1.0")).toBe("LP26");
    expect(rowOf("every row is one of H")).toBeUndefined();
  });
});
