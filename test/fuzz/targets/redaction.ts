import { redactText } from "../../../src/server/redact.ts";
import { must, textOf, texts, type Target } from "../target.ts";

const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl";

/** What is logged, whatever stands before and behind the secret. */
export const redaction: Target = {
  name: "redaction",
  corpus: texts(
    "GET /carillon?token=t-123&x=1 failed",
    '{"authorization":"Bearer abc.def","password":"p","api_key":"k"}',
    "Cookie: a=b; session=c\nset-cookie: x=y",
    `the token ${token} was refused`,
  ),
  words: ["token", "=", ":", "Bearer ", "cookie", "eyJ", "eyJ-", ".", '"', "'", " ", "secret=", "password:"],
  executions: 6_000,
  run(input) {
    const text = textOf(input);
    const safe = redactText(text);
    must(redactText(safe) === safe || safe.length <= text.length + 10_000, "grows");
    must(!redactText(`${text} ${token} ${text}`).includes(token), "a token was let through");
  },
};
