import { CarillonError } from "../errors/carillon-error.ts";

/**
 * The address of the server as a WebSocket URL. In a browser it may be relative to the page, and http means ws.
 *
 * @throws {CarillonError} `option-invalid`
 */
export function readEndpoint(url: string | URL): string {
  try {
    const { href } = new URL(url, globalThis.location?.href);
    // The WebSocket constructor refuses fragments.
    if (/^(http|ws)s?:/.test(href)) return href.replace(/^http/, "ws").replace(/#.*/, "");
  } catch {
    // Falls through to the one error.
  }
  throw new CarillonError("option-invalid", {
    message: `the url must be like wss://host/path, not ${String(url)}`,
  });
}
