// The client without a choice of transports: a page pays for those that it names.
export { CarillonError } from "../errors/carillon-error.ts";
export { createClient } from "./create-client.ts";
export { webSocket } from "./transports/websocket.ts";
