export { brokerContract } from "./broker-contract.ts";
export { channelKindsContract } from "./channel-kinds-contract.ts";
export { createTestServer, testServerOf } from "./test-server.ts";
export { FakeWire } from "./fake-wire.ts";
export { inProcess } from "./in-process.ts";
export { ManualClock } from "./manual-clock.ts";

export type { BrokerContractOptions, TestRunner } from "./broker-contract.ts";
export type { ChannelKindsOptions } from "./channel-kinds-contract.ts";
export type { ChannelKind, Heard, KindsClient, KindsDriver, KindsSetting } from "./channel-kinds-driver.ts";
export type { FakeWireOptions } from "./fake-wire.ts";
export type { TestServer } from "./test-server.ts";
