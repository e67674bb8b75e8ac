import { describe, expect, it, test } from "vitest";
import { longPolling, sse, webSocket } from "../../src/client/index.ts";
import { channelKindsContract } from "../../src/testing/index.ts";
import { defects, withDefect, type Defect } from "./channel-kinds-defects.ts";
import { nativeKinds } from "./native-kinds.ts";

const overWebSocket = nativeKinds("websocket", () => webSocket());

channelKindsContract({ describe, test }, overWebSocket);
channelKindsContract(
  { describe, test },
  nativeKinds("sse", () => sse()),
);
channelKindsContract(
  { describe, test },
  nativeKinds("long-polling", () => longPolling()),
);

describe("channelKindsContract()", () => {
  it.each([
    ["hearsTwice", "public: every subscriber hears what the server publishes, once and in order"],
    ["hearsTwice", "state: who is there hears it live, once"],
    ["reorders", "public: every subscriber hears what a client publishes, once and in order"],
    ["hearsOthers", "public: nobody else hears of it"],
    ["neverLeaves", "public: who has left hears nothing more, and who comes back does"],
    ["letsEveryoneIn", "private: nobody is let in without a rule that says so"],
    ["letsEveryoneIn", "private: who is refused cannot publish either, and nobody hears it"],
    ["letsEveryoneIn", "presence: who is refused is not seen, and sees nobody"],
    ["asksOncePerChannel", "private: each one is asked about, whoever was let in before"],
    ["letsAnyonePublish", "server-only: the server publishes, and a client is refused"],
    ["letsAnyonePublish", "owner: the first one publishes, and the others are refused"],
    ["letsAnyonePublish", "owner: the rule's word makes one, whoever came first"],
    ["letsAnyonePublish", "owner: when it leaves the others stay, and none of them publishes"],
    ["closesNothing", "owner: when it leaves a channel that closes then, the others are out"],
    ["listsNobody", "presence: who joins is told who is there, itself included"],
    ["hearsTwice", "presence: the others are told who comes and who goes, once each"],
    ["tellsOfEveryConnection", "presence: a user with two clients comes with the first and goes with the last"],
    ["missesDeaths", "presence: a client that dies has left, once, within the deadline"],
    ["echoesWhispers", "whispers: the others in the channel hear it, once, and the sender does not"],
    ["losesWhispers", "whispers: the others in the channel hear it, once, and the sender does not"],
    ["hearsOthers", "whispers: who comes later does not hear it"],
    ["whispersEverywhere", "whispers: where the rule has none, nobody is heard"],
    ["reorders", "state: who comes later is told the last values, in the order of their writes"],
    ["letsEveryoneIn", "state: who is refused is told none of it"],
    ["hearsOthers", "moderation: a user that is removed is out with all its clients, and the others stay"],
  ])("notices a dialect that %s: %s", async (defect, name) => {
    expect(await passes(name, defects[defect]!)).toBe(false);
  });

  it("asks a dialect about what it has, and about nothing else", () => {
    const all = [...declared(overWebSocket).keys()];
    const asked = [
      ...declared({ ...overWebSocket, name: "a plain one", kinds: new Set(["public", "publishing"]) }).keys(),
    ];
    expect(all).toEqual(expect.arrayContaining(asked));
    expect(asked.filter((name) => /^(?:presence|whispers|state): /.test(name))).toEqual([]);
    expect(asked.filter((name) => name.startsWith("public: "))).toEqual(
      all.filter((name) => name.startsWith("public: ")),
    );
  });
});

async function passes(name: string, defect: Defect): Promise<boolean> {
  const run = declared(withDefect(overWebSocket, defect)).get(name);
  if (!run) throw new Error(`there is no case "${name}"`);
  return run().then(
    () => true,
    () => false,
  );
}

/** The smallest test runner: collects the cases. */
function declared(driver: Parameters<typeof channelKindsContract>[1]): ReadonlyMap<string, () => Promise<void>> {
  const cases = new Map<string, () => Promise<void>>();
  const collect = (name: string, body: () => Promise<void>): unknown => cases.set(name, body);
  channelKindsContract({ describe: (_name, body) => body(), test: collect }, driver, { timeoutMs: 400 });
  return cases;
}
