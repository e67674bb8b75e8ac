export { createTestServer, testServerOf } from "./test-server.ts";
export { inProcess } from "./in-process.ts";
export { ManualClock } from "./manual-clock.ts";

export type { TestServer } from "./test-server.ts";
