import { describe, expect, it } from "vitest";
import { Continuity } from "../../src/engine/continuity.ts";
import { beginning } from "../../src/engine/joining.ts";
import type { HistoryPage } from "../../src/engine/ports/broker.ts";
import type { Position, Publication } from "../../src/engine/publication.ts";
import { recover } from "../../src/engine/recovery.ts";
import { Subscription } from "../../src/engine/subscription.ts";
import { world } from "./support.ts";

const limits = { recoveredPublications: 300, recoveredBytes: 1_048_576 };

function at(offset: number, tag = `t${offset}`): Position {
  return { epoch: "e", offset, tag };
}

function published(offset: number, tag?: string): Publication {
  return { channel: "kept", event: "n", data: offset, id: String(offset), time: 0, position: at(offset, tag) };
}

describe("what was missed, after a failover that gave the same offsets to other publications", () => {
  it("is not taken from the earlier history: the tags differ (R1)", () => {
    const page: HistoryPage = { top: at(3), isCovered: true, publications: [published(2), published(3)] };
    const missed = { since: at(1), last: at(3, "other"), page, held: [] };
    expect(recover(missed, limits)).toEqual({ reason: "reset" });
    expect(recover({ ...missed, last: at(3) }, limits)).toEqual({ publications: page.publications });
  });

  it.each([
    [1, "is read again when the channel had a gap meanwhile"],
    [2, "is told as a gap when that happens again"],
  ])("%d: %s", async (gaps) => {
    const host = {
      limits: { ...limits, heldDeliveries: 300 },
      read: () => ({ top: at(3), isCovered: true, publications: [] }),
      inTurn: (run: () => void) => run(),
      publication: () => undefined,
      gap: () => undefined,
      repeated: () => undefined,
    };
    const continuity = new Continuity(host);
    void continuity.begin();
    const subscription = new Subscription(world().connected("ada").connection, "kept");
    let reads = 0;
    const begun = await beginning({
      channel: { name: "kept", continuity },
      subscription,
      since: at(1),
      limits,
      async read() {
        if ((reads += 1) <= gaps) subscription.hold({ kind: "gap", channel: "kept", to: at(3), reason: "reset" });
        return { top: at(3), isCovered: true, publications: [published(2), published(3)] };
      },
    });
    expect(reads).toBe(2);
    if (gaps === 1) expect(begun).toMatchObject({ recovered: true, missed: [{}, {}] });
    else expect(begun).toMatchObject({ recovered: false, missed: [{ kind: "gap", from: at(1), reason: "reset" }] });
  });
});
