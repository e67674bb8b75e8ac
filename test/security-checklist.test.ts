import { describe, expect, test } from "vitest";
import { elsewhere } from "./hostile/scope.ts";
import { read, triedHere } from "./hostile/tried.ts";

/** What shows that a line is kept: rows of hostile inputs, tests by file and name; or why there is nothing to keep. */
interface Line {
  readonly rows?: readonly string[];
  readonly tests?: readonly (readonly [file: string, title: string])[];
  readonly because?: string;
}

const noSuchBroker = "the only broker is in memory; there is no Redis and no NATS to speak to";
const noContainer = "there is no container image yet";
const inRepository = "a matter of the repository's settings and not of its code";

const checklist: Readonly<Record<string, Readonly<Record<string, Line>>>> = {
  "handshake and origin": {
    "origins are listed and compared whole, on all transports": {
      rows: ["H19", "H20", "LP25"],
      tests: [["browser/origins", "a page of another site"]],
    },
    "no origin is reflected": {
      rows: ["H32"],
      tests: [["server/http-cors", "H32: of a foreign origin is told nothing"]],
    },
    "cookies are the application's": { because: "Carillon sets and reads no cookie; authenticate sees the handshake" },
    "only RFC 6455, version 13": { rows: ["H03", "W40"] },
    "headers are limited in number, size and time": { rows: ["H07", "H08", "H09", "H10"] },
    "X-Forwarded-For is believed of trusted proxies only": {
      rows: ["H33"],
      tests: [["server/limited-clients", "H33: is what a trusted proxy says"]],
    },
    "TLS is served, and the client checks the other side's": {
      tests: [
        ["cli/tls", "serves https and wss"],
        ["client/websocket", "trusts the authority that it is given, for the name that it is given"],
        ["production-page", "says how http becomes https"],
      ],
    },
  },
  authentication: {
    "nothing before it, and it has 10 s": { rows: ["N01", "N03", "A15"] },
    "an algorithm belongs to a key": { rows: ["A01", "A02", "A03", "A04", "A05"] },
    "no claim is used before the signature is verified": {
      tests: [["auth/jwt", "R12: nothing is used before the signature is verified, not even exp"]],
    },
    "exp holds on live connections; users can be shut out": {
      rows: ["N29", "N30", "S10"],
      tests: [["auth/live", "N29: shuts out a user whose tokens are revoked"]],
    },
    "signatures are compared in constant time": { rows: ["A09"] },
    "tokens are in no log, metric or error": {
      rows: ["A13", "A14"],
      tests: [["cli/canary", "a token and a cookie are in no log, no metric and no error, over all transports"]],
    },
    "ids are 128 random bits": { rows: ["LP02"] },
  },
  authorization: {
    "every action is checked, on the exact name": { rows: ["N04", "N05", "N06", "N07", "N08", "N09", "N10"] },
    "private channels are closed by default": {
      tests: [["engine/channel-rules", "N04: private-* is forbidden to everyone by default"]],
    },
    "who comes back is asked again": { rows: ["N16"] },
    "history is for subscribers": { tests: [["dialects/native/history", "is for subscribers"]] },
    "who somebody is, the server says": { rows: ["N11"] },
    "being taken out wins races": { rows: ["N28"] },
  },
  input: {
    "size, then depth and tokens, then the parser, then the schema": {
      rows: ["W28", "J01", "J02", "J03", "J16", "N25"],
    },
    "UTF-8 is strict": { rows: ["W16", "W17", "W23"] },
    "close codes are valid": { rows: ["W21", "W22", "W39"] },
    "no text takes more than linear time": {
      tests: [["fuzz/complexity", "a regular expression that goes back and forth is found"]],
    },
    "names are keys of maps": { rows: ["H11", "H12", "J05", "J06"] },
    "everything works with --disable-proto=throw and a frozen Object.prototype": {
      tests: [["../vitest.config", '"--disable-proto=throw"']],
    },
    "no code is made of text": { rows: ["J18"] },
  },
  "memory and time": {
    "L1 headers": { rows: ["H07", "H08"] },
    "L2 time for headers and bodies": { rows: ["H09", "LP11"] },
    "L3 time to connect": { tests: [["dialects/native/connecting", "N03, L3: ends a client"]] },
    "L4 size of a message": { rows: ["W09", "W10", "W28"] },
    "L5 fragments and control frames": {
      rows: ["W11", "W12", "W26"],
      tests: [["transports/websocket/websocket", "W11, L5: a message of 4,096 fragments is read"]],
    },
    "L6 depth and tokens": { rows: ["J01", "J02", "J03"] },
    "L7 names": { rows: ["J17"], tests: [["engine/authorize", "N07, L7: names are checked first"]] },
    "L8 subscriptions": { rows: ["X01"], tests: [["engine/limits", "N13, L8: 128 subscriptions and not 129"]] },
    "L9 what waits for one client": { rows: ["W27", "W34", "S05"] },
    "L10 what waits for all": {
      tests: [
        ["transports/websocket/websocket", "L10: of many slow clients"],
        ["dialects/socket-go/polling", "L10: what waits for polls counts with all"],
      ],
    },
    "L11 messages and whispers in a second": {
      rows: ["N12"],
      tests: [["engine/whispering", "L11: 10 at once and not 11"]],
    },
    "L12 requests that wait": { tests: [["engine/requests", "N19, L12: 256 may wait, the 257th is refused"]] },
    "L13 memory before authentication": { rows: ["Z02", "X04"] },
    "L14 connections and handshakes": {
      rows: ["LP22"],
      tests: [["server/admission", "L14: lets 2,000 in at once"]],
    },
    "L15 polls": { rows: ["LP03", "LP05", "LP10", "LP12"] },
    "L16 user ids, and what others are told of users": {
      tests: [
        ["auth/jwt", "with a user of 129 characters"],
        ["engine/connecting", "L16: may return a userId of 1 to 128 characters"],
        ["engine/connecting", "L16: may return info of %s as JSON"],
      ],
    },
    "L17 state": { tests: [["engine/state", "L17: 1,000 keys are kept; one more is refused"]] },
    "L18 what is replayed": { tests: [["engine/limits", "L18: 300 deliveries are held"]] },
    "L19 ids that are remembered": { rows: ["X07"] },
    "L20 time to come back": {
      tests: [["dialects/native/resuming", "L20: waits two minutes for its client: after %d ms it is there: %s"]],
    },
    "inflating stops at the limit": { rows: ["Z01", "Z02", "Z03"] },
    "64 messages of a client in a turn": { rows: ["W29"] },
    "brokers have a deadline": {
      tests: [
        ["engine/timely-broker", "has 10 s for %s, and then it is unavailable"],
        ["server/health", "a broker that hangs is ill after ten seconds"],
      ],
    },
    "the event loop is watched": { tests: [["server/health", "is seen in the real loop"]] },
    "pipelined requests are bounded": { rows: ["LP27"] },
  },
  injection: {
    "Redis takes arrays, and fixed scripts": { because: noSuchBroker },
    "NATS subjects and headers are encoded": { because: noSuchBroker },
    "fields of event streams are ours": { rows: ["S02", "S03", "S04", "S08"] },
    "headers of answers are ours": { rows: ["H16", "H32", "A14"] },
    "logs are short, and have nothing in them that was sent": {
      rows: ["J18", "H19", "X10"],
      tests: [
        ["server/log-lines", "is one short line of printable text in the log"],
        ["server/redact", "commands no terminal, and as a message is one line"],
      ],
    },
  },
  "trust in brokers": {
    "credentials, signed envelopes and TLS": { because: noSuchBroker },
    "what comes from a broker is checked": { because: noSuchBroker },
  },
  process: {
    "what nobody caught is logged, and ends the process with 1": {
      tests: [["cli/canary", "something was thrown that nobody caught"]],
    },
    "no root, and a file system that is only read": { because: noContainer },
    "few dependencies, locked": { tests: [["architecture", "is what ARCHITECTURE.md lists, no more and no less"]] },
    "audits and provenance": { because: inRepository },
    "the oldest Node is checked at the start": { tests: [["cli/node-version", "%s is refused in one line"]] },
    "metrics are off unless asked for": {
      rows: ["A19"],
      tests: [["cli/metrics", "is not there unless it is asked for"]],
    },
  },
  "who hears what": {
    "a message is for those it is for": {
      tests: [["engine/exactly-once", "for any schedule of clients and broker, everyone hears what the channel said"]],
    },
    "a refusal does not tell what there is": { rows: ["N04", "LP01"] },
    "compression is off by default": { rows: ["Z11"] },
  },
};

const here = triedHere();

describe.each(Object.entries(checklist))("security: %s", (_, lines) => {
  test.each(Object.entries(lines))("%s", (_line, { rows = [], tests = [], because }) => {
    expect(rows.length + tests.length > 0).toBe(because === undefined);
    if (because !== undefined) expect(because.length).toBeGreaterThan(20);
    expect(rows.filter((id) => !here.has(id) && !(id in elsewhere))).toEqual([]);
    for (const [file, title] of tests) {
      expect(read(file.startsWith("../") ? `${file.slice(3)}.ts` : `test/${file}.test.ts`)).toContain(title);
    }
  });
});
