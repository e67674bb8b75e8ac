/** Something is not on this machine; the message says what, and how to get it. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}
