import { isIP } from "node:net";
import { countedAddress } from "../../../src/engine/address-counts.ts";
import { clientAddress } from "../../../src/server/client-address.ts";
import { bytesAsText, must, texts, type Target } from "../target.ts";

const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
const rules = [1, 3, 1_000, ["10.0.0.0/8", "2001:db8::/32"], false as const].map((trust) =>
  clientAddress(trust, logger),
);

/** `X-Forwarded-For`, and whom its addresses count as. */
export const addresses: Target = {
  name: "addresses",
  corpus: texts(
    "203.0.113.7",
    "198.51.100.9, 10.1.2.3,10.0.0.1",
    "2001:db8::1, [2001:db8::2]:443, 10.0.0.2:8080",
    "::ffff:203.0.113.7, ::, ::1, 1::, 64:ff9b::192.0.2.33",
    "fe80::1%eth0, unknown, _hidden, 1:2:3:4:5:6:7:8",
  ),
  words: [",", "::", "::ffff:", "[", "]:", "%", "10.0.0.1", "/64", "0000:", "1:2:3:4:5:6:1.2.3.4", ":"],
  executions: 6_000,
  run(input) {
    for (const peer of ["10.0.0.1", "::ffff:10.0.0.1", "2001:db8::7", ""]) {
      for (const addressOf of rules) {
        const address = addressOf({ peer, forwardedFor: bytesAsText(input) });
        must(address === peer || isIP(address) !== 0, `"${address}" is no address`);
        const counted = countedAddress(address);
        must(counted.length <= 45, `"${counted}" is too long`);
        if (!address.includes(":")) continue;
        must(isIP(counted.replace("/64", "")) === 6, `"${counted}" is no range`);
        must(countedAddress(new URL(`http://[${address}]`).hostname.slice(1, -1)) === counted, "counted as two");
      }
    }
  },
};
