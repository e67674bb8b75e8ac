import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { tokenAt, type TokenPlace } from "../../../src/auth/token-place.ts";
import { headersFault, nodeHandshake } from "../../../src/server/node-handshake.ts";
import { originRule } from "../../../src/server/origin.ts";
import { acceptsStream, formatOf } from "../../../src/transports/http/content-type.ts";
import { bytesAsText, must, texts, type Target } from "../target.ts";

const originAllowed = originRule(["https://app.example.com"]);
const places: readonly TokenPlace[] = [{ header: "authorization" }, { cookie: "token" }, { query: "token" }];
const formats = ["application/json", "application/vnd.msgpack"].map((contentType) => ({
  contentType,
  subprotocol: "",
  isBinary: false,
  join: () => "",
}));
const address = "203.0.113.7";
const socket = new Socket();

/**
 * What becomes of a request's target and headers, one in each line, as Node hands them out. Node refuses control
 * characters in them; here nobody does.
 */
export const handshake: Target = {
  name: "handshake",
  corpus: texts(
    "/carillon?token=t-1&x=%20\nHost: localhost:8080\nOrigin: http://localhost:8080\nCookie: a=b; token=t-2",
    "/carillon\nHost: [2001:db8::1]:443\nOrigin: https://app.example.com\nAuthorization: Bearer t-3\nX-A: 1\nX-A: 2",
    "//evil/carillon?\nHost: app.example.com\nOrigin: null\nContent-Type: application/json; charset=utf-8",
    '/a/../b;c%2e\nHost: x\nAccept: text/html, text/event-stream;q=0.5, */*;q=0\nContent-Type: application/json;charset="utf-8"',
  ),
  words: [
    "\nHost: ",
    "\nOrigin: ",
    "\nCookie: token=",
    ";",
    "token=",
    "@",
    "%",
    "\\",
    "#",
    "?",
    "//",
    "Bearer ",
    ";q=0.",
    "xn--",
    "[::",
  ],
  executions: 4_000,
  run(input) {
    const [target = "", ...lines] = bytesAsText(input).split("\n");
    const request = new IncomingMessage(socket);
    const rawHeaders = lines.flatMap((line) => {
      const [name = "", value = ""] = line.split(": ");
      // Node hands out no other names.
      return /^[\w!#$%&'*+.^`|~-]+$/.test(name) ? [name, value] : [];
    });
    const headers: Record<string, string> = Object.create(null) as Record<string, string>;
    for (let at = 0; at < rawHeaders.length; at += 2) headers[rawHeaders[at]!.toLowerCase()] ??= rawHeaders[at + 1]!;
    Object.assign(request, { url: target, method: "GET", rawHeaders, headers });
    if (headersFault(request)) return;
    const made = nodeHandshake(request, () => address);
    if (!made) return;
    must(made.path === target.split("?")[0], "another path than the target's");
    must(made.url.host === new URL(`http://${headers["host"]}`).host, "another host than the header's");
    must(made.ip === address, "another address");
    const origin = made.header("origin");
    if (origin !== undefined && originAllowed(made)) {
      const { host, origin: canonical } = new URL(origin);
      must(host === made.url.host || canonical === "https://app.example.com", "a page of another origin came in");
    }
    for (const place of places) {
      const token = tokenAt(place, { token: undefined, url: made.url, handshake: made } as Parameters<
        typeof tokenAt
      >[1]);
      must(token === undefined || typeof token === "string", "a token that is no text");
    }
    formatOf(made.header("content-type"), formats);
    acceptsStream(made.header("accept"));
  },
};
