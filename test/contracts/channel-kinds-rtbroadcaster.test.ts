import { describe, test } from "vitest";
import { channelKindsContract } from "../../src/testing/index.ts";
import { rtbroadcasterKinds } from "./rtbroadcaster-kinds.ts";

for (const driver of rtbroadcasterKinds) channelKindsContract({ describe, test }, driver);
