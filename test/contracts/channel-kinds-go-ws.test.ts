import { describe, test } from "vitest";
import { channelKindsContract } from "../../src/testing/index.ts";
import { goWsKinds } from "./go-ws-kinds.ts";

channelKindsContract({ describe, test }, goWsKinds);
