import { CarillonError } from "../errors/carillon-error.ts";

/** Bytes as canonical base64 text. @see RFC 4648, section 4 */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  // In slices, because an argument list has a limit.
  for (let start = 0; start < bytes.length; start += 8192) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(binary);
}

/** @throws {CarillonError} `bad-request` for anything but canonical base64 */
export function fromBase64(text: unknown): Uint8Array {
  if (typeof text === "string") {
    try {
      const binary = atob(text);
      // `atob` forgives white space and missing padding; one meaning must have one spelling.
      if (btoa(binary) === text) return Uint8Array.from(binary, (char) => char.charCodeAt(0));
    } catch {
      // Falls through to the one error.
    }
  }
  throw new CarillonError("bad-request", { message: `"bytes" must be base64 text` });
}
