import { CarillonError } from "../errors/carillon-error.ts";

/**
 * The address of the server as a WebSocket URL. In a browser it may be relative to the page, and http means ws.
 *
 * @throws {CarillonError} `option-invalid`
 */
export function readEndpoint(url: string | URL): string {
  let endpoint: URL | undefined;
  try {
    endpoint = new URL(url, globalThis.location?.href);
  } catch {
    // Falls through to the one error.
  }
  if (!endpoint || !/^(http|ws)s?:$/.test(endpoint.protocol)) {
    throw new CarillonError("option-invalid", {
      message: `the url must be like wss://example.com/carillon, not ${String(url)}`,
    });
  }
  endpoint.protocol = endpoint.protocol.replace("http", "ws");
  // The WebSocket constructor refuses fragments.
  endpoint.hash = "";
  return endpoint.href;
}
