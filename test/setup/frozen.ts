import { beforeEach } from "vitest";

// What a program can do that trusts nobody: everything must work without touching it.
Object.freeze(Object.prototype);

const fastCheck = "fast-check 4.10.2 assigns the keys of its objects one by one (keyValuePairsToObjectMapper)";

/** What a tool cannot do there, test by test. */
const outOfReach: Readonly<Record<string, string>> = {
  "gives for any JSON what JSON.parse gives": fastCheck,
  "decodes whatever it encodes, for any value of JavaScript": fastCheck,
  "nothing that an encoder wrote is refused, whatever is in it": fastCheck,
  "throws nothing but CarillonErrors, and returns nothing but known fields, for any value": fastCheck,
  "J14, J15: takes keys such as then and toJSON for data, and calls nothing":
    "@msgpack/msgpack 3.1.3 assigns the keys of its maps one by one (Decoder.mjs:552), so such a frame is refused",
  "are told every 15 seconds that somebody reads":
    "the fake timers of Vitest 5.0.3 assign `hasOwnProperty` to the functions they replace (hijackMethod)",
};

beforeEach(({ task, skip }) => {
  const reason = Object.hasOwn(outOfReach, task.name) ? outOfReach[task.name] : undefined;
  if (reason !== undefined) skip(reason);
});
