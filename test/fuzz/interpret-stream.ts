/** What a browser hands to a page. */
export interface StreamEvent {
  readonly type: string;
  readonly data: string;
}

/**
 * Reads an event stream as a browser does.
 *
 * @see HTML, section 9.2.6 "Interpreting an event stream": the steps are the standard's, in its order
 */
export function interpretStream(stream: string): { readonly events: readonly StreamEvent[]; readonly lastId: string } {
  const events: StreamEvent[] = [];
  let lastId = "";
  let data = "";
  let type = "";
  const lines = stream.replace(/^\ufeff/, "").split(/\r\n|\r|\n/);
  // What stands behind the last line break is no line yet, and an event without its blank line is none.
  for (const line of lines.slice(0, -1)) {
    if (line === "") {
      if (data !== "") events.push({ type: type || "message", data: data.slice(0, -1) });
      data = "";
      type = "";
      continue;
    }
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") type = value;
    else if (field === "data") data += `${value}\n`;
    else if (field === "id" && !value.includes("\0")) lastId = value;
  }
  return { events, lastId };
}
