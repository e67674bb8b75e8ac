/** Something that whoever started the server can mend: told in one line, without a stack. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
