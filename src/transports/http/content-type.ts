import type { HttpFormat } from "../../dialects/dialect.ts";

/** The format that a `Content-Type` names. Text is UTF-8, and may say so; nothing else may be said of it. */
export function formatOf(contentType: string | undefined, formats: readonly HttpFormat[]): HttpFormat | undefined {
  const [type, ...parameters] = (contentType ?? "").toLowerCase().split(";");
  if (!parameters.every((parameter) => /^\s*charset="?utf-8"?\s*$/.test(parameter))) return undefined;
  return formats.find((format) => format.contentType === type!.trim());
}

/** An `Accept` lets a stream through. @see RFC 9110, section 12.5.1 */
export function acceptsStream(accept: string | undefined): boolean {
  if (accept === undefined) return true;
  return accept
    .toLowerCase()
    .split(",")
    .some((range) =>
      /^\s*(?:\*\/\*|text\/\*|text\/event-stream)\s*(?:;(?!.*\bq=0(?:\.0*)?\s*(?:;|$)).*)?$/.test(range),
    );
}
