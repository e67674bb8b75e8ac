/**
 * One header of a request by its lower-case name; repeated ones are joined with a comma.
 *
 * Not from `headers`, whose names are keys of a plain object that clients choose.
 */
export function rawHeader(rawHeaders: readonly string[], name: string): string | undefined {
  let found: string | undefined;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const raw = rawHeaders[at]!;
    if (raw.length !== name.length || raw.toLowerCase() !== name) continue;
    const value = rawHeaders[at + 1]!;
    found = found === undefined ? value : `${found}, ${value}`;
  }
  return found;
}
