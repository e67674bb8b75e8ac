import { describe, test } from "vitest";
import { channelKindsContract } from "../../src/testing/index.ts";
import { goRtcLibKinds } from "./go-rtc-lib-kinds.ts";

channelKindsContract({ describe, test }, goRtcLibKinds);
