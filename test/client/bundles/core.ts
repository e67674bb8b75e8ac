// What a page pays that only connects over a WebSocket, sends and subscribes.
export { createClient, webSocket } from "../../../src/client/core.ts";
