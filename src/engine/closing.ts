import { CarillonError } from "../errors/carillon-error.ts";

/** How the application may end a connection. @throws {CarillonError} `option-invalid` */
export function checkClosing(code: number, reason: string): void {
  if (code !== 1000 && !(Number.isInteger(code) && code >= 4000 && code <= 4999)) {
    throw new CarillonError("option-invalid", { message: "a close code is 1000, or 4000 to 4999" });
  }
  if (typeof reason !== "string" || new TextEncoder().encode(reason).length > 123) {
    throw new CarillonError("option-invalid", { message: "a close reason is text of at most 123 bytes" });
  }
}
