export { brokerContract } from "./broker-contract.ts";
export { createTestServer, testServerOf } from "./test-server.ts";
export { FakeWire } from "./fake-wire.ts";
export { inProcess } from "./in-process.ts";
export { ManualClock } from "./manual-clock.ts";

export type { BrokerContractOptions, TestRunner } from "./broker-contract.ts";
export type { FakeWireOptions } from "./fake-wire.ts";
export type { TestServer } from "./test-server.ts";
